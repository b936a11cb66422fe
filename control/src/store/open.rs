//! Opening a database, and its migrations.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Executor as _, PgPool, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Notify;

use super::{Db, Pool};
use crate::Error;

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let pool = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Pool::Postgres(postgres(url).await?)
        } else {
            sqlite(Path::new(url.trim_start_matches("sqlite:").trim_start_matches("//"))).await?
        };
        Ok(Self { pool, wake: Arc::new(Notify::new()), work: Arc::new(Notify::new()) })
    }

    /// Applies the migrations that are missing.
    pub async fn migrate(&self) -> Result<(), Error> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => SQLITE.run(writer).await,
            Pool::Postgres(pool) => POSTGRES.run(pool).await,
        }
        .map_err(|error| Error::internal("migrations could not be applied", error))
    }

    /// Migrations that the database lacks.
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        let applied: i64 =
            super::read!(self, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE success").fetch_one(c))
                .unwrap_or(0);
        Ok(SQLITE.iter().count().saturating_sub(usize::try_from(applied).unwrap_or(0)))
    }
}

/// How long a request waits for a connection, and so how soon it says that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a statement waits for another process that has locked the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);

async fn sqlite(path: &Path) -> Result<Pool, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("temp_store", "memory")
        .optimize_on_close(true, None)
        .disable_statement_logging();
    let writer: SqlitePool =
        SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new().max_connections(6).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
    Ok(Pool::Sqlite { readers, writer })
}

async fn postgres(url: &str) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("mintreu").disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(ACQUIRE_TIMEOUT).after_connect(|connection, _| {
        // By default the planner thinks of disks that have to seek, and reads a whole table sooner than a
        // fortieth of its rows.
        Box::pin(async move { connection.execute("SET random_page_cost = 1.1").await.map(drop) })
    });
    Ok(pool.connect_with(options).await?)
}
