//! A bounded pool of pools: one per application database that was lately used.
//!
//! Thousands of applications may share a service; only the recent ones may hold connections. The
//! least recently used pool gives way; requests that still hold a clone of it finish undisturbed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Database, open};
use crate::identity::sha256_hex;

#[derive(Debug)]
pub(crate) struct Pools {
    max: usize,
    connections: u32,
    open: Mutex<Open>,
    /// One `SQLite` file is made at a time: who turns a new file into a write-ahead log refuses
    /// everyone else, without a wait.
    creating: tokio::sync::Mutex<()>,
}

/// Keyed by the hash of the URL, so that no second copy of a password lies about.
#[derive(Debug, Default)]
struct Open {
    databases: HashMap<String, (u64, Database)>,
    /// Counts uses; a pool's last one tells how recent it is.
    uses: u64,
}

impl Pools {
    pub(crate) fn new(max: usize, connections: u32) -> Self {
        Self { max: max.max(1), connections, open: Mutex::default(), creating: tokio::sync::Mutex::default() }
    }

    /// The pool for `url`. It connects when used: a wrong URL shows at the first query.
    pub(crate) fn get(&self, url: &str) -> Result<Database, sqlx::Error> {
        let key = sha256_hex(url.as_bytes());
        let mut open = self.lock();
        open.uses += 1;
        let now = open.uses;
        if let Some((used, database)) = open.databases.get_mut(&key) {
            *used = now;
            return Ok(database.clone());
        }
        let database = open::open(url, self.connections)?;
        if open.databases.len() >= self.max {
            let oldest = open.databases.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                open.databases.remove(&oldest);
            }
        }
        open.databases.insert(key, (now, database.clone()));
        Ok(database)
    }

    /// As [`Self::get`], and creates what the service itself may create.
    pub(crate) async fn create(&self, url: &str) -> Result<Database, sqlx::Error> {
        let alone = self.creating.lock().await;
        open::create(url).await?;
        drop(alone);
        self.get(url)
    }

    /// Closes all connections to `url`, so that the platform can drop the database.
    pub(crate) async fn close(&self, url: &str) {
        let removed = self.lock().databases.remove(&sha256_hex(url.as_bytes()));
        if let Some((_, database)) = removed {
            database.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Pools;
    use crate::id::new_id;

    /// Two connections that make one new file a write-ahead log at once get in each other's way
    /// (`SQLITE_BUSY` without a wait): fifty files, so that it would show.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_database_that_is_created_many_times_at_once_is_there() {
        let pools = Arc::new(Pools::new(64, 2));
        let directory = std::env::temp_dir().join(new_id("kit"));
        std::fs::create_dir(&directory).expect("a directory");
        for number in 0..50 {
            let url = format!("sqlite:{}/{number}.db", directory.display());
            let calls: Vec<_> = (0..8).map(|_| (Arc::clone(&pools), url.clone())).collect();
            let calls =
                calls.into_iter().map(|(pools, url)| tokio::spawn(async move { pools.create(&url).await?.begin().await?.commit().await }));
            for call in futures_util::future::join_all(calls).await {
                call.expect("it ran").expect("the database is there");
            }
        }
        _ = std::fs::remove_dir_all(&directory);
    }

    #[tokio::test]
    async fn the_least_recently_used_pool_gives_way() {
        let pools = Pools::new(2, 1);
        for url in ["sqlite:a", "sqlite:b", "sqlite:a", "sqlite:c"] {
            pools.get(url).expect("the URL is one");
        }
        let held = |url: &str| pools.lock().databases.contains_key(&super::sha256_hex(url.as_bytes()));
        assert!(held("sqlite:a") && held("sqlite:c") && !held("sqlite:b"));
    }
}
