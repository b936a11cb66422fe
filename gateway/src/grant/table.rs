//! Grants by client id, as many as may be held. Where one lies follows from its id: in one of two
//! buckets, each a line of the processor's cache, whose places point to the grants themselves. With
//! many keys nothing of this is in the cache when a call comes: the table can be told in two steps to
//! have it brought, while the rest of the call is looked at.

use std::{
    hash::BuildHasher as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use foldhash::quality::RandomState;

use super::{
    ClientId,
    entry::{Entry, prefetch},
};

/// Entries of a bucket.
const WAYS: usize = 4;
/// So many there are on average when the table is full: with two buckets to choose from, hardly any has
/// no room before.
const TAKEN: usize = 2;

#[derive(Default)]
#[repr(align(64))]
struct Bucket(Mutex<Ways>);

#[derive(Default)]
struct Ways {
    entries: [Option<Arc<Entry>>; WAYS],
    marks: [Mark; WAYS],
}

#[derive(Default, Clone, Copy)]
struct Mark {
    /// A part of the hash, for few looks at other entries.
    tag: u16,
    /// Whether it was asked for since one was looked for that may go.
    used: bool,
}

/// Where the entry of an id may lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    buckets: [usize; 2],
    tag: u16,
}

impl Bucket {
    fn lock(&self) -> MutexGuard<'_, Ways> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ways {
    fn iter_mut(&mut self) -> impl Iterator<Item = (&mut Option<Arc<Entry>>, &mut Mark)> {
        self.entries.iter_mut().zip(&mut self.marks)
    }

    /// The way that the entry of this id has taken.
    fn of(&mut self, id: &ClientId, tag: u16) -> Option<(&mut Option<Arc<Entry>>, &mut Mark)> {
        self.iter_mut().find(|(entry, mark)| mark.tag == tag && entry.as_ref().is_some_and(|entry| entry.id == *id))
    }

    fn taken(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    /// Lets one go that nobody asked for since the last time; tells whether there was one.
    fn let_one_go(&mut self) -> bool {
        self.iter_mut().any(|(entry, mark)| entry.is_some() && !std::mem::take(&mut mark.used) && entry.take().is_some())
    }
}

pub(super) struct Table {
    buckets: Box<[Bucket]>,
    hasher: RandomState,
    capacity: usize,
    length: AtomicUsize,
    /// The bucket that is looked at next for an entry that may go.
    hand: AtomicUsize,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            buckets: (0..capacity.div_ceil(TAKEN)).map(|_| Bucket::default()).collect(),
            hasher: RandomState::default(),
            capacity,
            length: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length.load(Relaxed)
    }

    pub(super) fn place(&self, id: &ClientId) -> Place {
        let hash = self.hasher.hash_one(id);
        // What says where is a share of all buckets, so that little of it is in the lowest digits.
        let share = |half: u64| usize::try_from((half * self.buckets.len() as u64) >> 32).unwrap_or(0);
        let low = hash & u64::from(u32::MAX);
        Place { buckets: [share(low), share(hash >> 32)], tag: u16::try_from(low & u64::from(u16::MAX)).unwrap_or(0) }
    }

    fn bucket(&self, index: usize) -> Option<&Bucket> {
        self.buckets.get(index)
    }

    /// Has the processor bring the bucket where an entry most likely lies.
    pub(super) fn expect(&self, place: Place) {
        if let Some(bucket) = self.bucket(place.buckets[0]) {
            prefetch(bucket);
        }
    }

    /// Has it bring the entry, as far as it is known by then which it is. A hint waits for nobody.
    pub(super) fn bring(&self, place: Place) {
        let Some(Ok(mut ways)) = self.bucket(place.buckets[0]).map(|bucket| bucket.0.try_lock()) else { return };
        if let Some((Some(entry), _)) = ways.iter_mut().find(|(entry, mark)| mark.tag == place.tag && entry.is_some()) {
            prefetch::<Entry>(entry);
        }
    }

    pub(super) fn get(&self, id: &ClientId, place: Place) -> Option<Arc<Entry>> {
        place.buckets.iter().filter_map(|bucket| self.bucket(*bucket)).find_map(|bucket| {
            let mut ways = bucket.lock();
            let (entry, mark) = ways.of(id, place.tag)?;
            mark.used = true;
            entry.clone()
        })
    }

    /// Puts an entry in the place of the one before it, or of one that is asked for less. Called by
    /// one at a time.
    pub(super) fn insert(&self, entry: Arc<Entry>) {
        let place = self.place(&entry.id);
        let both = || place.buckets.iter().filter_map(|bucket| self.bucket(*bucket));
        for bucket in both() {
            if let Some((before, _)) = bucket.lock().of(&entry.id, place.tag) {
                *before = Some(entry);
                return;
            }
        }
        // Twice around is enough to find one.
        for _ in 0..2 * self.buckets.len() {
            if self.len() < self.capacity {
                break;
            }
            self.let_one_go();
        }
        // The first where there is room, since it is looked at first.
        let Some(bucket) = both().find(|bucket| bucket.lock().taken() < WAYS).or_else(|| both().next()) else { return };
        let mut ways = bucket.lock();
        if ways.taken() == WAYS {
            // All may have been asked for the first time.
            let _ = ways.let_one_go() || ways.let_one_go();
            self.length.fetch_sub(1, Relaxed);
        }
        if let Some((way, mark)) = ways.iter_mut().find(|(way, _)| way.is_none()) {
            *way = Some(entry);
            *mark = Mark { tag: place.tag, used: false };
            self.length.fetch_add(1, Relaxed);
        }
    }

    /// Lets the next one go that was not asked for since this came by.
    fn let_one_go(&self) {
        let index = self.hand.fetch_add(1, Relaxed) % self.buckets.len();
        if self.bucket(index).is_some_and(|bucket| bucket.lock().let_one_go()) {
            self.length.fetch_sub(1, Relaxed);
        }
    }

    pub(super) fn remove(&self, id: &ClientId) {
        for bucket in self.place(id).buckets.iter().filter_map(|bucket| self.bucket(*bucket)) {
            self.retain_in(bucket, |entry| entry.id != *id);
        }
    }

    pub(super) fn retain(&self, stays: impl Fn(&Entry) -> bool) {
        for bucket in &self.buckets {
            self.retain_in(bucket, &stays);
        }
    }

    fn retain_in(&self, bucket: &Bucket, stays: impl Fn(&Entry) -> bool) {
        for way in &mut bucket.lock().entries {
            if way.take_if(|entry| !stays(entry)).is_some() {
                self.length.fetch_sub(1, Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mintreu_model::credential::generate_client_id;

    use super::*;
    use crate::{grant::tests::grant, limit::Limits};

    fn entry(number: u128) -> Arc<Entry> {
        let id = generate_client_id(number.to_be_bytes()).as_bytes().try_into().unwrap();
        let limits = Limits::new(None, None);
        let (quota, application) = (limits.quota(&grant()), limits.application(&grant()));
        Arc::new(Entry::new(id, grant(), quota, application, false))
    }

    fn holds(table: &Table, entry: &Arc<Entry>) -> bool {
        table.get(&entry.id, table.place(&entry.id)).is_some_and(|found| Arc::ptr_eq(&found, entry))
    }

    #[test]
    fn what_fits_is_held_until_it_is_taken_out() {
        let table = Table::new(1_000);
        let entries: Vec<_> = (0..1_000).map(entry).collect();
        for entry in &entries {
            assert!(!holds(&table, entry));
            table.insert(Arc::clone(entry));
            assert!(holds(&table, entry));
        }
        let held = entries.iter().filter(|entry| holds(&table, entry)).count();
        assert_eq!(table.len(), held);
        assert!(held >= 980, "buckets are full before the table is: {held}");
        table.retain(|entry| entry.serial % 2 == 0);
        assert!(entries.iter().all(|entry| entry.serial % 2 == 0 || !holds(&table, entry)));
        for entry in &entries {
            table.remove(&entry.id);
            assert!(!holds(&table, entry));
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn an_entry_takes_the_place_of_the_one_before_it() {
        let table = Table::new(10);
        let (before, after) = (entry(1), entry(1));
        table.insert(Arc::clone(&before));
        table.insert(Arc::clone(&after));
        assert!(holds(&table, &after) && !holds(&table, &before));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_full_table_lets_go_of_what_is_not_asked_for() {
        let table = Table::new(400);
        let asked_for: Vec<_> = (0..120).map(entry).collect();
        for entry in &asked_for {
            table.insert(Arc::clone(entry));
        }
        for number in 120..4_000 {
            assert!(asked_for.iter().filter(|entry| holds(&table, entry)).count() >= 108, "{number}");
            table.insert(entry(number));
            assert!(table.len() <= 400);
        }
    }

    /// No policy does better than a fifth where five times as many keys are used alike as are held.
    #[test]
    fn keys_that_are_used_alike_are_found_as_often_as_there_is_room() {
        let table = Table::new(200);
        let entries: Vec<_> = (0..1_000).map(entry).collect();
        let mut random = fastrand::Rng::with_seed(7);
        let mut found = 0;
        for _ in 0..20_000 {
            let entry = &entries[random.usize(..entries.len())];
            if holds(&table, entry) {
                found += 1;
            } else {
                table.insert(Arc::clone(entry));
            }
        }
        assert!((3_600..4_400).contains(&found), "{found}");
    }

    #[test]
    fn a_table_of_one_holds_the_latest() {
        let table = Table::new(0);
        for number in 0..10 {
            let entry = entry(number);
            table.insert(Arc::clone(&entry));
            assert!(holds(&table, &entry));
            assert_eq!(table.len(), 1);
        }
    }
}
