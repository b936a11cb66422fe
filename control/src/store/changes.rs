//! What the gateway must forget: every transaction that changes what a call may be answered with
//! increments one epoch row and writes what changed beside it. The row's lock puts epochs in the
//! order of commits, so a reader that has seen epoch n has seen everything up to it.
//!
//! A reader looks again and again. What wakes it sooner, in process or a notification of PostgreSQL, may
//! be lost and costs nothing but time.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use mintreu_model::id::{ApiKeyId, ApplicationId, SubscriptionId, TenantId};
use sqlx::{PgPool, postgres::PgListener};
use tokio::{sync::Notify, time::sleep};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{Db, Inner, Pool, Tx, execute, read, within};
use crate::Error;

const CHANNEL: &str = "mintreu_changes";
/// Before another attempt to listen.
const PAUSE: Duration = Duration::from_secs(1);

/// What changed. `Catalogue` covers services and products with everything that hangs on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Key(ApiKeyId),
    Application(ApplicationId),
    Subscription(SubscriptionId),
    Tenant(TenantId),
    Catalogue,
    /// Whose pages may call the applications of products.
    Origins,
    /// More was missed than is kept: forget everything.
    Everything,
}

impl Change {
    const fn row(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Key(id) => ("key", Some(id.0)),
            Self::Application(id) => ("application", Some(id.0)),
            Self::Subscription(id) => ("subscription", Some(id.0)),
            Self::Tenant(id) => ("tenant", Some(id.0)),
            Self::Catalogue => ("catalogue", None),
            Self::Origins => ("origins", None),
            Self::Everything => ("everything", None),
        }
    }

    fn from_row(scope: &str, target: Option<Uuid>) -> Self {
        match (scope, target) {
            ("key", Some(id)) => Self::Key(id.into()),
            ("application", Some(id)) => Self::Application(id.into()),
            ("subscription", Some(id)) => Self::Subscription(id.into()),
            ("tenant", Some(id)) => Self::Tenant(id.into()),
            ("catalogue", _) => Self::Catalogue,
            ("origins", _) => Self::Origins,
            _ => Self::Everything,
        }
    }
}

impl Tx {
    /// Publishes a change with this transaction.
    pub async fn changed(&mut self, change: Change, now: DateTime<Utc>) -> Result<(), Error> {
        let (scope, target) = change.row();
        let epoch: i64 =
            within!(self, c => sqlx::query_scalar("UPDATE grant_epoch SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch").fetch_one(c))?;
        execute!(
            self,
            sqlx::query("INSERT INTO grant_changes (epoch, scope, target, at) VALUES ($1, $2, $3, $4)")
                .bind(epoch)
                .bind(scope)
                .bind(target)
                .bind(now)
        )?;
        if let Inner::Postgres(tx) = &mut self.inner {
            sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(&mut **tx).await?;
        }
        self.changed = true;
        Ok(())
    }
}

/// Reads changes in order; made by `Db::changes`.
#[derive(Debug)]
pub struct ChangeFeed {
    db: Db,
    /// How long it waits for a wake-up before it looks.
    every: Duration,
    epoch: i64,
    ready: VecDeque<Change>,
    /// All that was committed when it was last asked has been given.
    current: bool,
    _listens: Option<AbortOnDropHandle<()>>,
}

impl Db {
    /// A feed that begins after what is committed now, and looks at least so often.
    pub async fn changes(&self, every: Duration) -> Result<ChangeFeed, Error> {
        let listens = match &self.pool {
            Pool::Sqlite { .. } => None,
            Pool::Postgres(pool) => Some(AbortOnDropHandle::new(tokio::spawn(listen(pool.clone(), Arc::clone(&self.wake))))),
        };
        let epoch = epoch(self).await?;
        Ok(ChangeFeed { db: self.clone(), every, epoch, ready: VecDeque::new(), current: false, _listens: listens })
    }

    /// Forgets changes that every replica has long seen.
    pub async fn prune_changes(&self, before: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM grant_changes WHERE at < $1").bind(before))?;
        tx.commit().await
    }
}

/// Wakes the feed when another replica has changed something, and when it could not be heard for a while.
async fn listen(pool: PgPool, wake: Arc<Notify>) {
    loop {
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            wake.notify_one();
            while listener.try_recv().await.is_ok() {
                wake.notify_one();
            }
        }
        sleep(PAUSE).await;
    }
}

async fn epoch(db: &Db) -> Result<i64, Error> {
    read!(db, c => sqlx::query_scalar("SELECT epoch FROM grant_epoch WHERE id = 1").fetch_one(c))
}

impl ChangeFeed {
    /// The next change; `None` when all has been given that was committed when this was called. Asked
    /// again it waits for the next, a little. Safe to cancel.
    ///
    /// # Errors
    /// When the database is away; ask again.
    pub async fn next(&mut self) -> Result<Option<Change>, Error> {
        if self.ready.is_empty() {
            if self.current {
                let _ = tokio::time::timeout(self.every, self.db.wake.notified()).await;
            }
            self.load().await?;
            self.current = self.ready.is_empty();
        }
        Ok(self.ready.pop_front())
    }

    async fn load(&mut self) -> Result<(), Error> {
        let latest = epoch(&self.db).await?;
        if latest == self.epoch {
            return Ok(());
        }
        let rows: Vec<(i64, String, Option<Uuid>)> = read!(self.db, c => sqlx::query_as(
            "SELECT epoch, scope, target FROM grant_changes WHERE epoch > $1 ORDER BY epoch"
        ).bind(self.epoch).fetch_all(c))?;
        let complete = rows.first().is_some_and(|(first, ..)| *first == self.epoch + 1);
        let last = rows.last().map_or(latest, |(last, ..)| *last);
        if complete {
            self.ready.extend(rows.iter().map(|(_, scope, target)| Change::from_row(scope, *target)));
        } else {
            self.ready.push_back(Change::Everything);
        }
        self.epoch = last;
        Ok(())
    }
}
