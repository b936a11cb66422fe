//! The application's own database: `SQLite` or `PostgreSQL`, as the platform decided.
//!
//! The URL comes with each call, signed; the kit keeps pools for the applications that call
//! ([`Pools`]). A service writes one SQL text for both engines (`$1` works in both drivers) and runs
//! it with [`read!`](crate::read) or, inside [`Database::begin`], [`within!`](crate::within). What
//! truly differs between the engines is a function here.

mod open;
mod pools;

use axum::extract::FromRequestParts;
use http::request::Parts;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

pub(crate) use self::pools::Pools;
use crate::identity::call;
use crate::problem::Problem;

/// The database of the calling application. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Database {
    Sqlite(SqlitePools),
    Postgres(PgPool),
}

/// `SQLite` has one writer at a time: waiting for it in a pool of one connection is fair, waiting for
/// the file's lock is not.
#[derive(Debug, Clone)]
pub struct SqlitePools {
    pub reader: SqlitePool,
    pub writer: SqlitePool,
}

/// A transaction that may write. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Database {
    /// Begins a transaction that may write: `BEGIN IMMEDIATE` on `SQLite`, so that it cannot fail
    /// half-way for want of the lock; read committed on `PostgreSQL`.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite(pools) => {
                // On a task of its own, since a BEGIN that is dropped half-way (a client that left)
                // would give the one writer back inside a transaction that nobody ends.
                let writer = pools.writer.clone();
                let begun = tokio::spawn(async move { writer.begin_with("BEGIN IMMEDIATE").await });
                Ok(Tx::Sqlite(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??))
            }
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Whether the table exists in this database.
    pub async fn has_table(&self, name: &str) -> Result<bool, sqlx::Error> {
        let count: i64 = match self {
            Self::Sqlite(pools) => {
                sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1")
                    .bind(name)
                    .fetch_one(&pools.reader)
                    .await?
            }
            Self::Postgres(pool) => {
                sqlx::query_scalar(
                    "SELECT COUNT(*) FROM pg_catalog.pg_class \
                     WHERE oid = to_regclass(quote_ident($1)) AND relkind = 'r'",
                )
                .bind(name)
                .fetch_one(pool)
                .await?
            }
        };
        Ok(count > 0)
    }

    /// Whether there is a database behind the URL at all; the platform may have dropped it already.
    /// A role that cannot log in any more was dropped with its database.
    pub async fn is_there(&self) -> Result<bool, sqlx::Error> {
        let outcome = match self {
            Self::Sqlite(pools) => pools.reader.acquire().await.map(drop),
            Self::Postgres(pool) => pool.acquire().await.map(drop),
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| is_absence(&code)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn close(&self) {
        match self {
            Self::Sqlite(pools) => {
                pools.reader.close().await;
                pools.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// `SQLite`: cannot open; `PostgreSQL`: no such database, no such role, wrong password.
fn is_absence(code: &str) -> bool {
    matches!(code, "14" | "3D000" | "28000" | "28P01")
}

impl Tx {
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Runs the same expression with a connection of either engine, for reading:
/// `read!(database, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)`.
#[macro_export]
macro_rules! read {
    ($database:expr, $executor:ident => $run:expr) => {
        match $database {
            $crate::Database::Sqlite(pools) => {
                let $executor = &pools.reader;
                $run
            }
            $crate::Database::Postgres(pool) => {
                let $executor = pool;
                $run
            }
        }
    };
}

/// Runs the same expression inside a transaction ([`Tx`], by `&mut`) of either engine.
#[macro_export]
macro_rules! within {
    ($tx:expr, $executor:ident => $run:expr) => {
        match $tx {
            $crate::Tx::Sqlite(tx) => {
                let $executor = &mut **tx;
                $run
            }
            $crate::Tx::Postgres(tx) => {
                let $executor = &mut **tx;
                $run
            }
        }
    };
}

impl<S: Send + Sync> FromRequestParts<S> for Database {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let call = call(parts)?;
        let url = call
            .database_url
            .as_deref()
            .ok_or_else(|| Problem::internal(&"the call has no database: register the service with `database: dedicated`"))?;
        Ok(call.pools.get(url)?)
    }
}
