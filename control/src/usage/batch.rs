//! Records added up in memory, before anything is written.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use hashbrown::hash_table::{Entry, HashTable};
use mintreu_model::id::{ApiKeyId, ApplicationId, SubscriptionId};
use smallvec::SmallVec;

use super::{
    Record,
    accept::Sums,
    minute::{self, Minute},
};

/// Records that are added up in one go. With many keys each lies somewhere else in memory: the
/// processor waits for several at once when it looks for all of them before it adds the first.
const TOGETHER: usize = 32;

/// Records that are counted together. Adding one is a part of what a call costs: with many keys that
/// is how much memory it touches.
#[derive(Debug, Default)]
pub struct Batch {
    waiting: Vec<Record>,
    routes: Vec<Arc<str>>,
    /// Where in `routes` each is.
    numbers: HashMap<Arc<str>, usize, RandomState>,
    cells: Vec<Cell>,
    /// Where in `cells` each place is, beside its hash, which spares a look at the cell.
    indices: HashTable<(u64, usize)>,
    hasher: RandomState,
    /// In which cells are written, once they are added up.
    order: Vec<minute::InRow>,
}

/// What cells differ by; a route by its number among those of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    key: ApiKeyId,
    /// Minutes since the epoch.
    minute: i64,
    quota: (SubscriptionId, DateTime<Utc>),
    route: usize,
    status: i64,
}

/// A place, and the cell that may be its.
struct Wanted {
    place: Place,
    hash: u64,
    cell: Option<usize>,
}

/// Calls of one key in one minute that ended alike.
#[derive(Debug)]
struct Cell {
    place: Place,
    application: ApplicationId,
    sums: Sums,
    billed: i64,
    last_used: Option<DateTime<Utc>>,
}

impl Batch {
    pub fn add(&mut self, record: Record) {
        self.waiting.push(record);
        if self.waiting.len() >= TOGETHER {
            self.add_up();
        }
    }

    /// Adds up what waits, and nothing after it.
    pub(super) fn finish(&mut self) {
        self.add_up();
        let mut order = std::mem::take(&mut self.order);
        minute::sort(self.minutes(), &mut order);
        self.order = order;
    }

    fn add_up(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut wanted: SmallVec<[Wanted; TOGETHER]> = SmallVec::new();
        for record in &waiting {
            let place = self.place(record);
            wanted.push(Wanted { place, hash: self.hasher.hash_one(place), cell: None });
        }
        // Steps of little work each, so that the processor waits at once for what many of them need.
        for Wanted { hash, cell, .. } in &mut wanted {
            *cell = self.indices.find(*hash, |(other, _)| other == hash).map(|(_, index)| *index);
        }
        for Wanted { place, cell, .. } in &mut wanted {
            *cell = cell.filter(|index| self.cells.get(*index).is_some_and(|cell| cell.place == *place));
        }
        for (record, wanted) in waiting.drain(..).zip(&wanted) {
            let index = wanted.cell.unwrap_or_else(|| self.cell(wanted, record.application_id));
            if let Some(cell) = self.cells.get_mut(index) {
                cell.add(&record);
            }
        }
        self.waiting = waiting;
    }

    fn place(&mut self, record: &Record) -> Place {
        let route = self.numbers.get(&record.route).copied().unwrap_or_else(|| {
            let number = self.routes.len();
            self.routes.push(Arc::clone(&record.route));
            self.numbers.insert(Arc::clone(&record.route), number);
            number
        });
        Place {
            key: record.key_id,
            minute: record.at.timestamp().div_euclid(60),
            quota: (record.subscription_id, record.quota_period_start),
            route,
            status: record.status,
        }
    }

    /// Where the cell of a place is, which is made if there is none.
    fn cell(&mut self, wanted: &Wanted, application: ApplicationId) -> usize {
        let Self { cells, indices, .. } = self;
        let Wanted { hash, place, .. } = *wanted;
        let is_there = |(other, index): &(u64, usize)| *other == hash && cells.get(*index).is_some_and(|cell| cell.place == place);
        match indices.entry(hash, is_there, |(hash, _)| *hash) {
            Entry::Occupied(entry) => entry.get().1,
            Entry::Vacant(entry) => {
                let index = cells.len();
                entry.insert((hash, index));
                cells.push(Cell { place, application, sums: Sums::default(), billed: 0, last_used: None });
                index
            }
        }
    }

    /// Sums that the records come to, or more.
    #[must_use]
    pub fn sums(&self) -> usize {
        self.cells.len() + self.waiting.len()
    }

    /// What the records came to that are added up.
    pub(super) fn minutes(&self) -> impl Iterator<Item = Minute<'_>> {
        (0..self.cells.len()).filter_map(|number| self.minute(number))
    }

    /// One of them.
    pub(super) fn minute(&self, number: usize) -> Option<Minute<'_>> {
        let Cell { place, application, sums, .. } = self.cells.get(number)?;
        Some(Minute {
            start: DateTime::from_timestamp(place.minute * 60, 0).unwrap_or_default(),
            application: *application,
            key: place.key,
            route: self.routes.get(place.route).map_or("", |route| &**route),
            status: place.status,
            sums,
        })
    }

    /// Calls that took a unit, by subscription and beginning of its period.
    pub(super) fn billed(&self) -> BTreeMap<(SubscriptionId, DateTime<Utc>), i64> {
        let mut billed: HashMap<_, i64, RandomState> = HashMap::default();
        for cell in self.cells.iter().filter(|cell| cell.billed > 0) {
            *billed.entry(cell.place.quota).or_default() += cell.billed;
        }
        billed.into_iter().collect()
    }

    /// The order in which minutes are written.
    pub(super) fn order(&self) -> &[minute::InRow] {
        &self.order
    }

    /// When keys were used; some are there more than once.
    pub(super) fn uses(&self) -> impl Iterator<Item = (ApiKeyId, DateTime<Utc>)> {
        self.cells.iter().filter_map(|cell| Some((cell.place.key, cell.last_used?)))
    }
}

/// The memory of the last batch, for the next: a system that is asked for it anew clears it each time.
#[derive(Debug, Default)]
pub(crate) struct Spare(Mutex<Option<Batch>>);

impl Spare {
    fn place(&self) -> MutexGuard<'_, Option<Batch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Batch {
        self.place().take().unwrap_or_default()
    }

    /// Keeps what a transaction takes at most: the gateway ends a batch that has enough sums.
    pub(super) fn keep(&self, mut batch: Batch) {
        batch.waiting.clear();
        batch.routes.clear();
        batch.numbers.clear();
        batch.cells.clear();
        batch.indices.clear();
        batch.order.clear();
        *self.place() = Some(batch);
    }
}

impl Cell {
    fn add(&mut self, record: &Record) {
        self.sums.bytes_in = self.sums.bytes_in.saturating_add(record.bytes_in.max(0));
        self.sums.bytes_out = self.sums.bytes_out.saturating_add(record.bytes_out.max(0));
        if record.counts {
            self.sums.requests += 1;
            self.sums.latency.add(record.latency_us, 1);
            self.last_used = self.last_used.max(Some(record.at));
        }
        self.billed += i64::from(record.billed);
    }
}

impl Extend<Record> for Batch {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.add(record));
    }
}
