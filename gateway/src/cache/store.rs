//! Where answers are kept, in bounded memory. A write makes what was kept before it, and what was on
//! its way then, out of date: each place notes how often its target was written when its call began,
//! and what comes later than a write is not kept.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use mintreu_model::id::{ApplicationId, ServiceId};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync::Cache, sync::DefaultLifecycle};

use super::{
    OF_BODIES,
    freshness::{Freshness, vary},
};
use crate::{
    message::{Fields, detached},
    settings::CacheSettings,
};

/// Answers to one question that differ by fields of the request.
const MOST_VARIANTS: usize = 8;
/// Of a usual answer: the store is made for so many.
const USUAL_BYTES: u64 = 4 * 1024;
const SLOTS: usize = 256;
/// What an entry costs beside its texts.
const OVERHEAD: usize = 512;

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) application: ApplicationId,
    pub(super) service: ServiceId,
    pub(super) head: bool,
    pub(super) target: Box<str>,
}

impl Key {
    /// The same for both methods.
    fn slot(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        (&self.application, &self.target).hash(&mut hasher);
        usize::try_from(hasher.finish() % 256).unwrap_or(0)
    }
}

pub(super) struct Stored {
    pub(super) status: StatusCode,
    pub(super) fields: Fields,
    pub(super) body: Bytes,
    /// The fields of the request that it depends on, as they were.
    pub(super) vary: Vec<(HeaderName, Vec<HeaderValue>)>,
    pub(super) freshness: Freshness,
}

impl Stored {
    fn answers(&self, given: &Fields) -> bool {
        self.vary.iter().all(|(name, values)| given.get_all(name).eq(values))
    }

    pub(super) fn has_validator(&self) -> bool {
        self.fields.contains_key(http::header::ETAG) || self.fields.contains_key(http::header::LAST_MODIFIED)
    }

    /// The same with what a 304 says of it (RFC 9111 §3.2).
    pub(super) fn freshened(&self, said: &Fields) -> Arc<Self> {
        let mut fields = self.fields.clone();
        fields.retain(|name| OF_BODIES.contains(name) || !said.contains_key(name));
        for (name, value) in said.iter().filter(|(name, _)| !OF_BODIES.contains(name)) {
            fields.append(name.clone(), detached(value));
        }
        if !said.contains_key(http::header::AGE) {
            fields.remove(http::header::AGE);
        }
        let freshness = Freshness::of(self.status, &fields).unwrap_or_else(|| self.freshness.over());
        Arc::new(Self { status: self.status, body: self.body.clone(), vary: self.vary.clone(), fields, freshness })
    }

    fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        let varied: usize = self.vary.iter().flat_map(|(_, values)| values).map(|value| value.len() + 64).sum();
        self.body.len() + fields + varied + OVERHEAD
    }
}

struct Variants {
    all: Vec<Arc<Stored>>,
    bytes: u64,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Key, Arc<Variants>> for Weigh {
    fn weight(&self, key: &Key, variants: &Arc<Variants>) -> u64 {
        variants.bytes.saturating_add(u64::try_from(key.target.len()).unwrap_or(u64::MAX))
    }
}

/// Where the answer to a call belongs.
pub(super) struct Place {
    key: Key,
    given: Fields,
    writes: u64,
}

impl Place {
    pub(super) fn is_head(&self) -> bool {
        self.key.head
    }

    /// What the answer depends on, of this call; `None`: on what is not known here.
    pub(super) fn vary(&self, fields: &Fields) -> Option<Vec<(HeaderName, Vec<HeaderValue>)>> {
        let with = |name: HeaderName| {
            let values = self.given.get_all(&name).map(detached).collect();
            (name, values)
        };
        Some(vary(fields)?.into_iter().map(with).collect())
    }
}

pub(crate) struct Store {
    kept: Cache<Key, Arc<Variants>, Weigh>,
    writes: Box<[AtomicU64]>,
    largest: usize,
}

impl Store {
    pub(crate) fn new(settings: &CacheSettings) -> Self {
        let entries = usize::try_from(settings.total_bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(1);
        let mut options = OptionsBuilder::new();
        // Few shards: each has room for the largest answers.
        options.shards(4).estimated_items_capacity(entries).weight_capacity(settings.total_bytes);
        let kept = match options.build() {
            Ok(options) => Cache::with_options(options, Weigh, DefaultHashBuilder::default(), DefaultLifecycle::default()),
            Err(_) => Cache::with_weighter(entries, settings.total_bytes, Weigh),
        };
        Self { kept, writes: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), largest: settings.largest_body }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.kept.weight()
    }

    pub(super) fn largest_body(&self) -> usize {
        self.largest
    }

    fn written(&self, key: &Key) -> Option<&AtomicU64> {
        self.writes.get(key.slot())
    }

    fn writes(&self, key: &Key) -> u64 {
        self.written(key).map_or(0, |writes| writes.load(SeqCst))
    }

    pub(super) fn place(&self, key: Key, given: &Fields) -> Place {
        Place { writes: self.writes(&key), key, given: given.clone() }
    }

    pub(super) fn find(&self, place: &Place) -> Option<Arc<Stored>> {
        self.kept.get(&place.key)?.all.iter().find(|stored| stored.answers(&place.given)).cloned()
    }

    /// Keeps the answer in the place of the one before it; `None` leaves the place empty. Whether it is
    /// kept.
    pub(super) fn keep(&self, place: &Place, stored: Option<Arc<Stored>>) -> bool {
        let keeps = stored.is_some();
        let mut all: Vec<_> = self.kept.get(&place.key).map(|variants| variants.all.clone()).unwrap_or_default();
        all.retain(|one| !one.answers(&place.given));
        all.extend(stored);
        if all.len() > MOST_VARIANTS {
            all.remove(0);
        }
        if all.is_empty() || place.writes != self.writes(&place.key) {
            self.kept.remove(&place.key);
            return false;
        }
        let bytes = u64::try_from(all.iter().map(|one| one.bytes()).sum::<usize>()).unwrap_or(u64::MAX);
        self.kept.insert(place.key.clone(), Arc::new(Variants { all, bytes }));
        if place.writes != self.writes(&place.key) {
            self.kept.remove(&place.key);
            return false;
        }
        keeps
    }

    pub(super) fn forget(&self, keys: &[Key]) {
        for key in keys {
            if let Some(writes) = self.written(key) {
                writes.fetch_add(1, SeqCst);
            }
            self.kept.remove(key);
        }
    }
}
