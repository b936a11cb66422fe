//! A throw-away Postgres server for tests, and a fresh database in it for each of them.
//!
//! cargo-nextest gives every test a process of its own; `with-postgres` starts one server for them
//! all and hands its address on in [`SERVER_VARIABLE`]. To change a server setting, edit
//! `postgres-guard.sh`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::guard::{Guard, free_port};

/// The environment variable with the URL of a running server, e.g.
/// `postgres://postgres@127.0.0.1:5433/postgres`; its role must be allowed to create databases.
pub const SERVER_VARIABLE: &str = "MINTREU_TEST_POSTGRES";

/// How often another port is tried when somebody took the free one first.
const ATTEMPTS: u32 = 5;

/// Why no server could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "no PostgreSQL server binaries found (looked in /usr/lib/postgresql/*/bin and for \
         `pg_config` on PATH): install them, e.g. `apt-get install postgresql`, or set \
         {SERVER_VARIABLE} to the URL of a running server"
    )]
    NotInstalled,
    #[error("cannot start the PostgreSQL guard: {0}")]
    Guard(#[from] io::Error),
    #[error("PostgreSQL did not start: {0}")]
    Server(String),
}

/// A running server. Dropping it, or ending the process, stops it.
#[derive(Debug)]
pub struct Postgres {
    /// Without the database: `postgres://postgres@127.0.0.1:5433`.
    base: String,
    /// The URL of the maintenance database, as whom databases are created.
    url: String,
    /// `None` when the server belongs to somebody else.
    guard: Option<Guard>,
}

impl Postgres {
    /// The one server of this test process: the one that [`SERVER_VARIABLE`] names, else its own,
    /// started at the first call (about a second).
    ///
    /// # Panics
    /// When there is no server: a test suite that silently leaves an engine out is worse.
    #[expect(clippy::panic, reason = "only tests call this, and they must fail here")]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            let server = server_from_environment().map_or_else(Self::start, |url| Ok(Self::at(&url)));
            server.unwrap_or_else(|error| panic!("{error}"))
        })
    }

    /// The server somebody else runs at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let after_scheme = address.find("://").map_or(0, |at| at + 3);
        let path = address.get(after_scheme..).and_then(|rest| rest.find('/'));
        let base = path.map_or(address, |at| address.get(..after_scheme + at).unwrap_or(address));
        debug_assert!(query.is_empty(), "{SERVER_VARIABLE} takes no parameters");
        Self { base: base.to_owned(), url: url.to_owned(), guard: None }
    }

    /// Starts a server of one's own on a free port of 127.0.0.1.
    pub fn start() -> Result<Self, StartError> {
        let binaries = find_binaries().ok_or(StartError::NotInstalled)?;
        let mut attempt = 1;
        loop {
            match start_on(&binaries, free_port()?) {
                Err(StartError::Server(_)) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    /// The URL of the maintenance database, with a superuser's rights.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Shuts a server of one's own down, connections and all; its databases stay.
    pub fn stop(&mut self) -> Result<(), StartError> {
        self.order("stop")
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) -> Result<(), StartError> {
        self.order("start")
    }

    fn order(&mut self, order: &str) -> Result<(), StartError> {
        let guard = self.guard.as_mut().ok_or_else(|| StartError::Server("it belongs to somebody else".to_owned()))?;
        match guard.order(order)?.as_str() {
            "done" => Ok(()),
            said => Err(StartError::Server(format!("{order}: {said}"))),
        }
    }

    /// Creates an empty database of a new name that begins with `hint`, and gives its URL.
    ///
    /// # Panics
    /// When the server refuses, which no test can go on from.
    #[expect(clippy::panic, reason = "only tests call this, and they must fail here")]
    pub async fn create_database(&self, hint: &str) -> String {
        let hint: String = hint.chars().filter(char::is_ascii_alphanumeric).take(24).collect::<String>().to_lowercase();
        let name = format!("t_{hint}_{}", Uuid::now_v7().simple());
        let created = async {
            let mut connection = PgConnection::connect(&self.url).await?;
            connection.execute(format!("CREATE DATABASE {name}").as_str()).await?;
            connection.close().await
        };
        match created.await {
            Ok(()) => format!("{}/{name}", self.base),
            Err(error) => panic!("cannot create a test database at {}: {error}", self.url),
        }
    }
}

fn start_on(binaries: &Path, port: u16) -> Result<Postgres, StartError> {
    let directory = std::env::temp_dir().join(format!("mintreu-pg-{}", Uuid::now_v7().simple()));
    let port = port.to_string();
    let arguments = [directory.as_os_str(), binaries.as_os_str(), port.as_ref()];
    let guard = Guard::start(include_str!("postgres-guard.sh"), &arguments)?.map_err(StartError::Server)?;
    let base = format!("postgres://postgres@127.0.0.1:{port}");
    Ok(Postgres { url: format!("{base}/postgres"), base, guard: Some(guard) })
}

/// The newest installed server: Debian's directory first, then whatever `pg_config` names.
fn find_binaries() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok().map(|major| (major, entry.path())))
        .map(|(major, path)| (major, path.join("bin")))
        .filter(|(_, path)| path.join("initdb").is_file())
        .max();
    newest.map(|(_, path)| path).or_else(|| {
        let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
        let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
        path.join("initdb").is_file().then_some(path)
    })
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration to read it from")]
fn server_from_environment() -> Option<String> {
    std::env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty())
}
