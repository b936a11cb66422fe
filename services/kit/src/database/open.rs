//! How connections are made, on either engine, and what they are told first.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};

use super::{Database, SqlitePools};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// `PostgreSQL` stops a statement that takes longer; no query of a service should.
const STATEMENT_TIMEOUT: &str = "15s";

/// A pool for `url` that connects when it is first used.
pub(super) fn open(url: &str, connections: u32) -> Result<Database, sqlx::Error> {
    if is_sqlite(url) {
        let options = sqlite(url)?.create_if_missing(false);
        Ok(Database::Sqlite(SqlitePools {
            reader: bounded(connections).connect_lazy_with(options.clone()),
            writer: bounded(1).connect_lazy_with(options),
        }))
    } else {
        let options = PgConnectOptions::from_str(url)?.options([("statement_timeout", STATEMENT_TIMEOUT)]);
        Ok(Database::Postgres(bounded(connections).connect_lazy_with(options)))
    }
}

/// Creates the `SQLite` file when it is missing. `PostgreSQL` databases are the platform's to create.
pub(super) async fn create(url: &str) -> Result<(), sqlx::Error> {
    if is_sqlite(url) {
        let options = sqlite(url)?.create_if_missing(true);
        SqliteConnection::connect_with(&options).await?.close().await?;
    }
    Ok(())
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn sqlite(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true))
}

fn bounded<DB: sqlx::Database>(connections: u32) -> PoolOptions<DB> {
    PoolOptions::new().min_connections(0).max_connections(connections.max(1)).acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(IDLE_TIMEOUT)
}
