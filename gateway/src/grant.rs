//! Grants in memory: loaded on first use, dropped by push.
//!
//! A load and an invalidation may cross. Each load notes the generation before it asks, and what
//! it got is cached only if nothing was invalidated since, decided under the lock that
//! invalidation takes: a stale grant cannot outlive the push that dropped it. What the load got is
//! still good for the calls that were waiting when it began.

mod entry;
mod table;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use mintreu_model::credential::CLIENT_ID_LENGTH;
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

pub(crate) use entry::Entry;
use table::{Place, Table};

use crate::{
    limit::Limits,
    policy::{Change, Clock, PolicySource, SourceUnavailable},
};

/// Push is what keeps grants fresh; asking again now and then is a second line, and tells what other
/// replicas have counted. Those that were loaded together are not asked for together: each waits up
/// to as long again.
const REFRESH_AFTER: Duration = Duration::from_mins(30);
/// How long a grant serves while the control plane is away.
const SERVES_FOR: Duration = Duration::from_mins(15);
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
const UNKNOWN_IDS: usize = 10_000;
/// A control plane that takes longer counts as away.
const LOAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A client id, which lies where it is compared. Every one that the control plane knows is as long.
type ClientId = [u8; CLIENT_ID_LENGTH];
/// By the platform's clock, and by one that never goes back.
pub(crate) type Moment = (DateTime<Utc>, Instant);
type Loaded = Result<Option<Arc<Entry>>, SourceUnavailable>;

/// A load under way, and the generation that it began in.
struct Flight {
    generation: u64,
    outcome: Arc<OnceCell<Loaded>>,
}

/// A client id, and where its grant lies if it is held.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) client_id: &'a str,
    id: &'a ClientId,
    place: Place,
}

pub(crate) struct Grants {
    known: Table,
    unknown: Cache<ClientId, Instant>,
    flights: Mutex<HashMap<ClientId, Flight>>,
    generation: Mutex<u64>,
    born: Instant,
    /// Milliseconds after `born` up to which all changes are known.
    current: AtomicU64,
    source: Arc<dyn PolicySource>,
    limits: Arc<Limits>,
    clock: Clock,
}

impl Grants {
    pub(crate) fn new(capacity: usize, source: Arc<dyn PolicySource>, limits: Arc<Limits>, clock: Clock) -> Self {
        Self {
            known: Table::new(capacity),
            unknown: Cache::new(UNKNOWN_IDS),
            flights: Mutex::default(),
            generation: Mutex::default(),
            born: Instant::now(),
            current: AtomicU64::new(0),
            source,
            limits,
            clock,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Begins to look for the grant of a client id: the processor brings what says where it lies. `None`
    /// when no key can have such an id.
    pub(crate) fn want<'a>(&self, client_id: &'a str) -> Option<Wanted<'a>> {
        let id = client_id.as_bytes().try_into().ok()?;
        let place = self.known.place(id);
        self.known.expect(place);
        Some(Wanted { client_id, id, place })
    }

    /// Goes on with it: the processor brings the grant.
    pub(crate) fn bring(&self, wanted: Wanted<'_>) {
        self.known.bring(wanted.place);
    }

    fn get(&self, wanted: Wanted<'_>) -> Option<Arc<Entry>> {
        self.known.get(wanted.id, wanted.place)
    }

    /// The grant that is wanted; `None` when there is no such key. Where it is not in memory, the control
    /// plane is asked if the key may exist.
    pub(crate) async fn find(self: &Arc<Self>, wanted: Wanted<'_>, may_exist: impl FnOnce() -> bool, (now, at): Moment) -> Loaded {
        let Some(entry) = self.get(wanted) else {
            if !may_exist() {
                return Ok(None);
            }
            if self.unknown.get(wanted.id).is_some_and(|since| since.elapsed() < UNKNOWN_FOR) {
                return Ok(None);
            }
            return self.load(wanted, None).await;
        };
        entry.fetch();
        let stale = Some(entry.serial);
        let age = entry.age(at);
        let period_over = now >= entry.grant.quota.period_end;
        if age >= SERVES_FOR && self.unheard_of(at) >= SERVES_FOR {
            return self.load(wanted, stale).await;
        }
        if age < entry.refresh_after() && !period_over {
            return Ok(Some(entry));
        }
        if !entry.may_refresh(at) {
            return Ok(Some(entry));
        }
        if period_over {
            return self.load(wanted, stale).await.or(Ok(Some(entry)));
        }
        let (grants, client_id) = (Arc::clone(self), wanted.client_id.to_owned());
        tokio::spawn(async move {
            if let Some(wanted) = grants.want(&client_id) {
                let _ = grants.load(wanted, stale).await;
            }
        });
        Ok(Some(entry))
    }

    /// One question at a time for each id, shared by all who wait for it. When the asker's client
    /// leaves, the next who waits asks. `stale` is the load that is not good enough.
    async fn load(&self, wanted: Wanted<'_>, stale: Option<u64>) -> Loaded {
        let generation = self.generation();
        let outcome = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(wanted.id) {
                Some(flight) if flight.generation == generation => Arc::clone(&flight.outcome),
                _ => {
                    // A flight may have landed between our look at the cache and this one.
                    if let Some(entry) = self.get(wanted).filter(|entry| Some(entry.serial) != stale) {
                        return Ok(Some(entry));
                    }
                    let outcome = Arc::<OnceCell<Loaded>>::default();
                    flights.insert(*wanted.id, Flight { generation, outcome: Arc::clone(&outcome) });
                    outcome
                }
            }
        };
        let landing = Landing { grants: self, id: wanted.id, outcome: &outcome };
        let loaded = outcome.get_or_init(|| self.ask(wanted, generation)).await.clone();
        drop(landing);
        loaded
    }

    async fn ask(&self, wanted: Wanted<'_>, generation: u64) -> Loaded {
        let question = self.source.grant(wanted.client_id);
        let answer = tokio::time::timeout(LOAD_TIMEOUT, question).await;
        let grant = answer.map_err(|_| SourceUnavailable)??;
        let entry = grant.map(|grant| {
            let (quota, application) = (self.limits.quota(&grant), self.limits.application(&grant));
            let period_over = (self.clock)() >= grant.quota.period_end;
            Arc::new(Entry::new(*wanted.id, grant, quota, application, period_over))
        });
        let current = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == generation {
            if let Some(entry) = &entry {
                self.known.insert(Arc::clone(entry));
            } else {
                self.known.remove(wanted.id);
                self.unknown.insert(*wanted.id, Instant::now());
            }
        }
        drop(current);
        Ok(entry)
    }

    fn generation(&self) -> u64 {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that changed until then was told.
    pub(crate) fn all_told_until(&self, at: Instant) {
        let at = u64::try_from(at.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX);
        self.current.fetch_max(at, Relaxed);
    }

    /// How long nothing was heard of the control plane.
    fn unheard_of(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.born).saturating_sub(Duration::from_millis(self.current.load(Relaxed)))
    }

    /// Drops what the change touches. Once this returns no call is served from what was before.
    pub(crate) fn invalidate(&self, change: &Change) {
        {
            let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
            *generation = generation.wrapping_add(1);
        }
        self.unknown.clear();
        self.known.retain(|entry| !entry.is_touched_by(change));
    }
}

/// Takes the flight off the board when the last who cares is done with it.
struct Landing<'a> {
    grants: &'a Grants,
    id: &'a ClientId,
    outcome: &'a Arc<OnceCell<Loaded>>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut flights = self.grants.flights.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = flights.get(self.id).is_some_and(|flight| Arc::ptr_eq(&flight.outcome, self.outcome));
        // Two references are the board's and ours.
        if ours && (self.outcome.initialized() || Arc::strong_count(self.outcome) <= 2) {
            flights.remove(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use chrono::TimeDelta;
    use futures_util::future::{BoxFuture, FutureExt as _, ready};
    use mintreu_model::{credential::generate_client_id, id::SubscriptionId};
    use uuid::Uuid;

    use super::*;
    use crate::policy::{ApplicationStatus, Grant, LeaseGranted, LeaseRequest, QuotaGrant, TakeUnits};

    /// Knows one key, and counts how often it is asked.
    #[derive(Default)]
    struct Plane {
        asked: AtomicUsize,
    }

    pub(super) fn grant() -> Grant {
        let now = DateTime::UNIX_EPOCH;
        Grant {
            key_id: Uuid::nil().into(),
            application_id: Uuid::nil().into(),
            tenant_id: Uuid::nil().into(),
            subscription_id: Uuid::nil().into(),
            product_id: Uuid::nil().into(),
            secret_sha256: [0; 32],
            key_expires_at: None,
            key_revoked: false,
            scopes: Vec::new(),
            allowed_ips: Vec::new(),
            allowed_origins: Vec::new(),
            product_slug: "shop".to_owned(),
            plan_code: "basic".to_owned(),
            application_status: ApplicationStatus::Active,
            tenant_suspended: false,
            subscription_live: true,
            rate_per_second: 1,
            burst: 1,
            max_request_bytes: None,
            max_response_bytes: None,
            quota: QuotaGrant { period_start: now, period_end: now + TimeDelta::days(30), included: 1, hard_stop: true, used: 0 },
            database_url: None,
        }
    }

    impl PolicySource for Plane {
        fn grant<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Grant>, SourceUnavailable>> {
            self.asked.fetch_add(1, Relaxed);
            ready(Ok(Some(grant()))).boxed()
        }

        fn lease<'a>(&'a self, _: &'a LeaseRequest) -> BoxFuture<'a, Result<LeaseGranted, SourceUnavailable>> {
            ready(Err(SourceUnavailable)).boxed()
        }

        fn give_back(&self, _: Uuid, _: SubscriptionId, _: DateTime<Utc>, _: TakeUnits) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
            ready(Ok(())).boxed()
        }
    }

    #[tokio::test]
    async fn a_grant_serves_as_long_as_the_control_plane_is_heard_of_and_a_quarter_of_an_hour_more() {
        let plane = Arc::new(Plane::default());
        let source: Arc<dyn PolicySource> = Arc::<Plane>::clone(&plane);
        let grants = Arc::new(Grants::new(10, source, Arc::new(Limits::new(None, None)), Arc::new(|| DateTime::UNIX_EPOCH)));
        let key = generate_client_id([0; 16]);
        let key = grants.want(&key).unwrap();
        let (now, begin) = (DateTime::UNIX_EPOCH, Instant::now());
        let minutes = |count: u64| begin + Duration::from_mins(count);
        for minute in 0..=10 {
            grants.all_told_until(minutes(minute));
            grants.find(key, || true, (now, minutes(minute))).await.unwrap().unwrap();
        }
        assert_eq!(plane.asked.load(Relaxed), 1);
        grants.find(key, || true, (now, minutes(10 + 14))).await.unwrap().unwrap();
        assert_eq!(plane.asked.load(Relaxed), 1);
        grants.find(key, || true, (now, minutes(10 + 16))).await.unwrap().unwrap();
        assert_eq!(plane.asked.load(Relaxed), 2);
    }
}
