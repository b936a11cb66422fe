//! A running `mintreu serve` on a data directory of its own, and a client of its REST API.

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use mintreu_testing::Postgres;
use reqwest::{Client, Method, header::HeaderMap};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery";
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Which program runs, and where it keeps what it knows.
#[derive(Debug, Clone)]
pub struct Place {
    pub program: PathBuf,
    pub url: String,
    pub data: PathBuf,
    pub postgres: Option<String>,
    pub redis: Option<String>,
    /// Where it is not in the data directory.
    pub keyring: Option<PathBuf>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Option<String>,
    /// What the program says is dropped.
    pub quiet: bool,
}

impl Place {
    /// On SQLite, or on a new database of the shared server.
    pub async fn on(program: impl Into<PathBuf>, postgres: bool) -> Self {
        let database = if postgres { Some(Postgres::shared().create_database("process").await) } else { None };
        Self::with(program, database)
    }

    /// On SQLite, or on the PostgreSQL database of that address.
    pub fn with(program: impl Into<PathBuf>, postgres: Option<String>) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("mintreu-process-{}-{number}", std::process::id()));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        Self { program: program.into(), url, data, postgres, redis: None, keyring: None, trusted_proxies: None, quiet: false }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("MINTREU_BIND", self.url.trim_start_matches("http://")).env("MINTREU_DATA_DIR", &self.data);
        command.env("MINTREU_TEST_CLOCK", "1").env("RUST_LOG", "warn").env_remove("MINTREU_TEST_TALLY");
        if let Some(url) = &self.postgres {
            command.env("MINTREU_DATABASE_URL", url).env("MINTREU_APP_DATABASE_URL", url);
        }
        if let Some(url) = &self.redis {
            command.env("MINTREU_REDIS_URL", url);
        }
        if let Some(keyring) = &self.keyring {
            command.env("MINTREU_KEYRING", keyring);
        }
        if let Some(networks) = &self.trusted_proxies {
            command.env("MINTREU_TRUSTED_PROXIES", networks);
        }
        if self.quiet {
            command.stderr(Stdio::null());
        }
        command
    }

    /// Runs a command to its end with that standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

/// A program that serves; killed when dropped.
#[derive(Debug)]
pub struct Platform {
    pub place: Place,
    child: Child,
    pub admin: Api,
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
    pub async fn start(program: impl Into<PathBuf>, postgres: bool) -> Self {
        Self::start_at(Place::on(program, postgres).await).await
    }

    /// The same at a place of one's own.
    pub async fn start_at(place: Place) -> Self {
        if place.postgres.is_some() {
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

    /// Another program on the same database, with the same keys and a journal of its own.
    pub async fn replica(&self) -> Self {
        let keyring = Some(self.place.data.join("keyring"));
        let beside = Place::with(&self.place.program, self.place.postgres.clone());
        let place = Place { keyring, redis: self.place.redis.clone(), quiet: self.place.quiet, ..beside };
        let child = place.command(&["serve"]).spawn().unwrap();
        let admin = Api { base: format!("{}/api/v1", place.url), ..self.admin.clone() };
        let platform = Self { place, child, admin };
        platform.ready().await;
        platform
    }

    /// A number of `/metrics`.
    pub async fn metric(&self, name: &str) -> u64 {
        let metrics = Client::new().get(format!("{}/metrics", self.place.url)).send().await.unwrap().text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
        line.parse().unwrap()
    }

    pub async fn ready(&self) {
        let client = Client::new();
        eventually("the platform is ready", async || {
            client.get(format!("{}/readyz", self.place.url)).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }

    /// kill -9, and the same place served again.
    pub async fn crash_and_restart(&mut self) {
        self.crash();
        self.restart().await;
    }

    /// kill -9.
    pub fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Serves the same place again, once it does not any more.
    pub async fn restart(&mut self) {
        self.child = self.place.command(&["serve"]).spawn().unwrap();
        self.ready().await;
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM; the exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        eventually("the program has stopped", async || self.child.try_wait().unwrap().is_some()).await;
        self.child.wait().unwrap().code()
    }

    pub async fn log_in(&self, email: &str) -> Api {
        let nobody = Api::new(&self.place.url, String::new());
        let made = nobody.post("/tokens", json!({"email": email, "password": PASSWORD, "name": "test"})).await.expect(201);
        Api::new(&self.place.url, made["token"].as_str().unwrap().to_owned())
    }

    /// A registered person with a confirmed address.
    pub async fn person(&self, email: &str) -> Api {
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
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Api {
    pub fn new(url: &str, token: String) -> Self {
        Self { client: Client::new(), base: format!("{url}/api/v1"), token }
    }

    /// The same person, asking the program at `url`.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self::new(url, self.token.clone())
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// The same where the platform may be cut off.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null) })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
}
