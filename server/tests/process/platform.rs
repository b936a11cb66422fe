//! A running `mintreu serve` on a data directory of its own, and a client of its REST API.

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use mintreu_testing::Postgres;
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";
const PROGRAM: &str = env!("CARGO_BIN_EXE_mintreu");

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Where the platform keeps what it knows.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) data: PathBuf,
    pub(crate) postgres: Option<String>,
}

impl Place {
    pub(crate) async fn on(postgres: bool) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("mintreu-process-{}-{number}", std::process::id()));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postgres = if postgres { Some(Postgres::shared().create_database("process").await) } else { None };
        Self { url: format!("http://127.0.0.1:{port}"), data, postgres }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("MINTREU_BIND", self.url.trim_start_matches("http://")).env("MINTREU_DATA_DIR", &self.data);
        command.env("MINTREU_TEST_CLOCK", "1").env("RUST_LOG", "warn").env_remove("MINTREU_TEST_TALLY");
        if let Some(url) = &self.postgres {
            command.env("MINTREU_DATABASE_URL", url).env("MINTREU_APP_DATABASE_URL", url);
        }
        command
    }

    /// Runs a command to its end with that standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

/// A program that serves; killed when dropped.
pub(crate) struct Platform {
    pub(crate) place: Place,
    child: Child,
    pub(crate) admin: Api,
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.place.data);
    }
}

impl Platform {
    /// An empty platform with one super admin.
    pub(crate) async fn start(postgres: bool) -> Self {
        let place = Place::on(postgres).await;
        if postgres {
            assert!(place.run(&["migrate"], "").status.success());
        }
        let made = place.run(&["admin", "create", "--email", "root@platform.test"], PASSWORD);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let child = place.command(&["serve"]).spawn().unwrap();
        let mut platform = Self { admin: Api::new(&place.url, String::new()), place, child };
        platform.ready().await;
        platform.admin = platform.log_in("root@platform.test").await;
        platform
    }

    pub(crate) async fn ready(&self) {
        let client = Client::new();
        eventually("the platform is ready", async || {
            client.get(format!("{}/readyz", self.place.url)).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }

    /// kill -9, and the same place served again.
    pub(crate) async fn crash_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = self.place.command(&["serve"]).spawn().unwrap();
        self.ready().await;
    }

    /// SIGTERM; the exit code.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        eventually("the program has stopped", async || self.child.try_wait().unwrap().is_some()).await;
        self.child.wait().unwrap().code()
    }

    pub(crate) async fn log_in(&self, email: &str) -> Api {
        let nobody = Api::new(&self.place.url, String::new());
        let made = nobody.post("/tokens", json!({"email": email, "password": PASSWORD, "name": "test"})).await.expect(201);
        Api::new(&self.place.url, made["token"].as_str().unwrap().to_owned())
    }

    /// A registered person with a confirmed address.
    pub(crate) async fn person(&self, email: &str) -> Api {
        let nobody = Api::new(&self.place.url, String::new());
        nobody.post("/users", json!({"email": email, "password": PASSWORD, "name": "Somebody"})).await.expect(202);
        let mails = self.admin.get(&format!("/admin/mail?q={email}")).await.expect(200);
        let text = mails["data"][0]["text"].as_str().unwrap();
        let token = text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
        nobody.post("/users/verify", json!({ "token": token })).await.expect(200);
        self.log_in(email).await
    }
}

/// On PostgreSQL the work of a killed process is taken up when its lease of half a minute ends.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for a condition.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
    token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Api {
    fn new(url: &str, token: String) -> Self {
        Self { client: Client::new(), base: format!("{url}/api/v1"), token }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        Answer { status, body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
}
