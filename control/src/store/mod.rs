//! The database: one SQL text for SQLite and PostgreSQL, run by `read!` on a pool or `within!` on
//! a transaction. What truly differs between the engines is a method here and nowhere else.
//!
//! SQLite has a pool of readers and one writer that begins with `BEGIN IMMEDIATE`, so that a
//! transaction never fails half-way for want of the lock.

mod changes;
mod open;
mod page;

use std::sync::Arc;

pub use changes::{Change, ChangeFeed};
pub use page::part;
pub(crate) use page::{Column, Page, Placed, Sorting};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use tokio::sync::Notify;

use crate::Error;

/// A database that is open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pub(crate) pool: Pool,
    wake: Arc<Notify>,
    /// Told when a job was enqueued.
    pub(crate) work: Arc<Notify>,
}

#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// A transaction that is rolled back unless it is committed.
#[derive(Debug)]
pub struct Tx {
    pub(crate) inner: Inner,
    wake: Arc<Notify>,
    work: Arc<Notify>,
    changed: bool,
    enqueued: bool,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs a query on the pool: `read!(db, c => sqlx::query_as(SQL).bind(id).fetch_optional(c))`.
macro_rules! read {
    ($db:expr, $c:ident => $query:expr) => {
        match &$db.pool {
            $crate::store::Pool::Sqlite { readers: $c, .. } => $query.await,
            $crate::store::Pool::Postgres($c) => $query.await,
        }
        .map_err($crate::Error::from)
    };
}

/// Runs a query inside a transaction: `within!(tx, c => sqlx::query(SQL).bind(id).execute(c))`.
macro_rules! within {
    ($tx:expr, $c:ident => $query:expr) => {
        match &mut $tx.inner {
            $crate::store::Inner::Sqlite(tx) => {
                let $c = &mut **tx;
                $query.await
            }
            $crate::store::Inner::Postgres(tx) => {
                let $c = &mut **tx;
                $query.await
            }
        }
        .map_err($crate::Error::from)
    };
}

/// Runs a statement inside a transaction and gives the number of rows that it touched.
macro_rules! execute {
    ($tx:expr, $query:expr) => {
        match &mut $tx.inner {
            $crate::store::Inner::Sqlite(tx) => $query.execute(&mut **tx).await.map(|done| done.rows_affected()),
            $crate::store::Inner::Postgres(tx) => $query.execute(&mut **tx).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::Error::from)
    };
}

pub(crate) use {execute, read, within};

impl Db {
    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let inner = match &self.pool {
            Pool::Sqlite { writer, .. } => {
                // On a task of its own, since a BEGIN that is dropped half-way (a client that left)
                // would give the one writer back inside a transaction that nobody ends.
                let writer = writer.clone();
                let begun = tokio::spawn(async move { writer.begin_with("BEGIN IMMEDIATE").await });
                Inner::Sqlite(begun.await.map_err(|cause| Error::Unavailable(cause.into()))??)
            }
            Pool::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        Ok(Tx { inner, wake: Arc::clone(&self.wake), work: Arc::clone(&self.work), changed: false, enqueued: false })
    }

    /// `sqlite` or `postgres`, for people.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite { .. } => "sqlite",
            Pool::Postgres(_) => "postgres",
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        read!(self, c => sqlx::query_scalar::<_, i64>("SELECT CAST(1 AS BIGINT)").fetch_one(c)).map(drop)
    }

    /// Whether no other process works on this database: an unfinished lease is then nobody's.
    pub(crate) const fn is_exclusive(&self) -> bool {
        matches!(self.pool, Pool::Sqlite { .. })
    }

    /// Waits for open connections to come back and closes them.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes what was done permanent, and wakes the gateway when grants changed.
    pub async fn commit(self) -> Result<(), Error> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await.map_err(Error::of_commit)?,
        }
        if self.changed {
            self.wake.notify_one();
        }
        if self.enqueued {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Wakes the worker once this is committed.
    pub(crate) const fn enqueued(&mut self) {
        self.enqueued = true;
    }

    /// What a sub-select says that takes rows which another replica may be taking: SQLite has one
    /// writer, so there is nothing to say.
    pub(crate) fn skip_locked(&self, table: &str) -> String {
        match self.inner {
            Inner::Sqlite(_) => String::new(),
            Inner::Postgres(_) => format!("FOR UPDATE OF {table} SKIP LOCKED"),
        }
    }

    /// What a select says that holds off whoever wants to change the rows.
    pub(crate) fn for_share(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => "",
            Inner::Postgres(_) => "FOR SHARE",
        }
    }

    /// Bytes with others behind them: `||` gives text in SQLite.
    pub(crate) fn appended(&self, bytes: &str, more: &str) -> String {
        match self.inner {
            Inner::Sqlite(_) => format!("CAST({bytes} || {more} AS BLOB)"),
            Inner::Postgres(_) => format!("{bytes} || {more}"),
        }
    }

    /// Places for rows of values, the first in their statement.
    pub(crate) fn places(&self, rows: usize, columns: usize) -> String {
        self.places_after(0, rows, columns)
    }

    /// Places for rows of values that follow others made here. SQLite looks for a place with a number
    /// from the first on, which takes longer than the rows when there are thousands.
    pub(crate) fn places_after(&self, before: usize, rows: usize, columns: usize) -> String {
        let row = |row: usize| {
            let place = |column: usize| match self.inner {
                Inner::Sqlite(_) => "?".to_owned(),
                Inner::Postgres(_) => format!("${}", before + row * columns + column),
            };
            format!("({})", (1..=columns).map(place).collect::<Vec<_>>().join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    }
}
