//! Grants in memory: loaded on first use, dropped by push.
//!
//! A load and an invalidation may cross. Each load notes the generation before it asks, and what
//! it got is cached only if nothing was invalidated since, decided under the lock that
//! invalidation takes: a stale grant cannot outlive the push that dropped it. What the load got is
//! still good for the calls that were waiting when it began.

mod entry;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

pub(crate) use entry::Entry;

use crate::{
    limit::Limits,
    policy::{Change, Clock, PolicySource, SourceUnavailable},
};

/// Push is what keeps grants fresh; asking again now and then is a second line.
const REFRESH_AFTER: Duration = Duration::from_mins(5);
/// How long a grant serves while the control plane is away.
const SERVES_FOR: Duration = Duration::from_mins(15);
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
const UNKNOWN_IDS: usize = 10_000;
/// A control plane that takes longer counts as away.
const LOAD_TIMEOUT: Duration = Duration::from_secs(5);

/// By the platform's clock, and by one that never goes back.
pub(crate) type Moment = (DateTime<Utc>, Instant);
type Loaded = Result<Option<Arc<Entry>>, SourceUnavailable>;

/// A load under way, and the generation that it began in.
struct Flight {
    generation: u64,
    outcome: Arc<OnceCell<Loaded>>,
}

pub(crate) struct Grants {
    known: Cache<Box<str>, Arc<Entry>>,
    unknown: Cache<Box<str>, Instant>,
    flights: Mutex<HashMap<Box<str>, Flight>>,
    generation: Mutex<u64>,
    source: Arc<dyn PolicySource>,
    limits: Arc<Limits>,
    clock: Clock,
}

impl Grants {
    pub(crate) fn new(capacity: usize, source: Arc<dyn PolicySource>, limits: Arc<Limits>, clock: Clock) -> Self {
        Self {
            known: Cache::new(capacity.max(1)),
            unknown: Cache::new(UNKNOWN_IDS),
            flights: Mutex::default(),
            generation: Mutex::default(),
            source,
            limits,
            clock,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The grant of a client id; `None` when there is no such key.
    pub(crate) async fn find(self: &Arc<Self>, client_id: &str, (now, at): Moment) -> Loaded {
        let Some(entry) = self.known.get(client_id) else {
            if self.unknown.get(client_id).is_some_and(|since| since.elapsed() < UNKNOWN_FOR) {
                return Ok(None);
            }
            return self.load(client_id, None).await;
        };
        let stale = Some(entry.serial);
        let age = entry.age(at);
        let period_over = now >= entry.grant.quota.period_end;
        if age < REFRESH_AFTER && !period_over {
            return Ok(Some(entry));
        }
        if age >= SERVES_FOR {
            return self.load(client_id, stale).await;
        }
        if !entry.may_refresh(at) {
            return Ok(Some(entry));
        }
        if period_over {
            return self.load(client_id, stale).await.or(Ok(Some(entry)));
        }
        let (grants, client_id) = (Arc::clone(self), client_id.to_owned());
        tokio::spawn(async move { grants.load(&client_id, stale).await });
        Ok(Some(entry))
    }

    /// One question at a time for each id, shared by all who wait for it. When the asker's client
    /// leaves, the next who waits asks. `stale` is the load that is not good enough.
    async fn load(&self, client_id: &str, stale: Option<u64>) -> Loaded {
        let generation = self.generation();
        let outcome = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(client_id) {
                Some(flight) if flight.generation == generation => Arc::clone(&flight.outcome),
                _ => {
                    // A flight may have landed between our look at the cache and this one.
                    if let Some(entry) = self.known.get(client_id).filter(|entry| Some(entry.serial) != stale) {
                        return Ok(Some(entry));
                    }
                    let outcome = Arc::<OnceCell<Loaded>>::default();
                    flights.insert(client_id.into(), Flight { generation, outcome: Arc::clone(&outcome) });
                    outcome
                }
            }
        };
        let landing = Landing { grants: self, client_id, outcome: &outcome };
        let loaded = outcome.get_or_init(|| self.ask(client_id, generation)).await.clone();
        drop(landing);
        loaded
    }

    async fn ask(&self, client_id: &str, generation: u64) -> Loaded {
        let question = self.source.grant(client_id);
        let answer = tokio::time::timeout(LOAD_TIMEOUT, question).await;
        let grant = answer.map_err(|_| SourceUnavailable)??;
        let entry = grant.map(|grant| {
            let (quota, rate) = (self.limits.quota(&grant), self.limits.rate(&grant));
            let period_over = (self.clock)() >= grant.quota.period_end;
            Arc::new(Entry::new(grant, quota, rate, period_over))
        });
        let current = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == generation {
            if let Some(entry) = &entry {
                self.known.insert(client_id.into(), Arc::clone(entry));
            } else {
                self.known.remove(client_id);
                self.unknown.insert(client_id.into(), Instant::now());
            }
        }
        drop(current);
        Ok(entry)
    }

    fn generation(&self) -> u64 {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what the change touches. Once this returns no call is served from what was before.
    pub(crate) fn invalidate(&self, change: &Change) {
        {
            let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
            *generation = generation.wrapping_add(1);
        }
        self.unknown.clear();
        if *change == Change::Everything {
            self.known.clear();
        } else {
            self.known.retain(|_, entry| !entry.is_touched_by(change));
        }
    }
}

/// Takes the flight off the board when the last who cares is done with it.
struct Landing<'a> {
    grants: &'a Grants,
    client_id: &'a str,
    outcome: &'a Arc<OnceCell<Loaded>>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut flights = self.grants.flights.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = flights.get(self.client_id).is_some_and(|flight| Arc::ptr_eq(&flight.outcome, self.outcome));
        // Two references are the board's and ours.
        if ours && (self.outcome.initialized() || Arc::strong_count(self.outcome) <= 2) {
            flights.remove(self.client_id);
        }
    }
}
