//! What one worker writes. Calls that their services have answered are written before their clients
//! hear of it, those of one turn of the event loop together; what is known only at a call's end waits
//! in memory for the next write, at most until the next flush.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use foldhash::fast::RandomState;

use super::{
    UsageRecord,
    segment::{HEADER_BYTES, Live},
};

/// Ends of calls that may wait for a write; a kill loses them, and a full disk the ones beyond.
const MOST_ENDED: usize = 1_024;
/// As many are written together without waiting for the next call.
const ENOUGH_ENDED: usize = 256;

/// So many answered calls wait for no other.
const ENOUGH_ANSWERED: usize = 256;

/// Answered calls that are written together, or not at all.
#[derive(Default)]
pub(super) struct Round(AtomicU8);

impl Round {
    const WRITTEN: u8 = 1;
    const REFUSED: u8 = 2;

    /// What became of it; `None` before it is written.
    fn outcome(&self) -> Option<bool> {
        match self.0.load(Relaxed) {
            Self::WRITTEN => Some(true),
            Self::REFUSED => Some(false),
            _ => None,
        }
    }
}

/// What a write came to.
pub(super) enum Written {
    /// Up to here, in this segment.
    Now(Arc<Live>, u64),
    /// By another call of the round.
    Before,
}

#[derive(Default)]
pub(crate) struct Ledger(Mutex<Writer>);

#[derive(Default)]
struct Writer {
    live: Option<Arc<Live>>,
    at: u64,
    /// Routes that the segment has named.
    numbers: HashMap<Arc<str>, u16, RandomState>,
    ended: Vec<UsageRecord>,
    answered: Vec<UsageRecord>,
    /// That of `answered`.
    round: Arc<Round>,
    buffer: Vec<u8>,
}

impl Ledger {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an answered call into the round; tells whether it waits for others.
    pub(super) fn join(&self, record: UsageRecord) -> (Arc<Round>, bool) {
        let mut writer = self.writer();
        writer.answered.push(record);
        (Arc::clone(&writer.round), writer.answered.len() < ENOUGH_ANSWERED)
    }

    /// Writes the round, unless that is done, with the ends that wait.
    pub(super) fn write(&self, round: &Round, open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<Written> {
        let mut writer = self.writer();
        match round.outcome() {
            Some(true) => Ok(Written::Before),
            Some(false) => Err(io::ErrorKind::StorageFull.into()),
            None => writer.write(open).map(|(live, end)| Written::Now(live, end)),
        }
    }

    /// Writes whatever waits; the segment and the offset behind it, where that is something.
    pub(super) fn write_all(&self, open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<Option<(Arc<Live>, u64)>> {
        let mut writer = self.writer();
        if writer.waiting() == 0 { Ok(None) } else { writer.write(open).map(Some) }
    }

    /// Keeps the end of a call for the next write.
    pub(super) fn keep(&self, record: UsageRecord) -> Kept {
        let mut writer = self.writer();
        if writer.ended.len() >= MOST_ENDED {
            return Kept::Lost;
        }
        writer.ended.push(record);
        if writer.ended.len() >= ENOUGH_ENDED { Kept::Enough } else { Kept::Waits }
    }

    pub(super) fn waiting(&self) -> usize {
        self.writer().waiting()
    }

    /// Lets go of the segment: the next write begins another.
    pub(super) fn seal(&self) {
        if let Some(live) = &self.writer().live {
            live.seal();
        }
    }
}

impl Writer {
    fn waiting(&self) -> usize {
        self.ended.len() + self.answered.len()
    }

    /// One write for all that waits. What was answered is refused where that fails; the ends wait on.
    fn write(&mut self, open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<(Arc<Live>, u64)> {
        let written = self.append(open);
        let outcome = if written.is_ok() { Round::WRITTEN } else { Round::REFUSED };
        self.answered.clear();
        std::mem::take(&mut self.round).0.store(outcome, Relaxed);
        written
    }

    fn append(&mut self, mut open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<(Arc<Live>, u64)> {
        let mut refused = io::Error::from(io::ErrorKind::StorageFull);
        // A full segment is followed by a new one, and so is one that could not be written.
        for _ in 0..3 {
            let live = if let Some(live) = self.live.take().filter(|live| !live.is_sealed()) {
                live
            } else {
                self.numbers.clear();
                self.at = HEADER_BYTES;
                open()?
            };
            self.encode(&live);
            if !live.has_room(self.at, self.buffer.len()) {
                live.seal();
                continue;
            }
            match live.write(&self.buffer, self.at) {
                Ok(end) => {
                    self.at = end;
                    self.ended.clear();
                    self.live = Some(Arc::clone(&live));
                    return Ok((live, end));
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn encode(&mut self, live: &Live) {
        self.buffer.clear();
        for record in self.ended.iter().chain(&self.answered) {
            let number = self.numbers.get(&record.route).copied().unwrap_or_else(|| {
                // A segment has fewer frames than there are numbers, unless somebody made it larger.
                let number = u16::try_from(self.numbers.len()).unwrap_or(u16::MAX);
                self.numbers.insert(Arc::clone(&record.route), number);
                live.codec.route(&mut self.buffer, self.at, number, &record.route);
                number
            });
            live.codec.call(&mut self.buffer, self.at, number, record);
        }
    }
}

/// What became of the end of a call.
pub(super) enum Kept {
    Waits,
    /// It waits with so many others that they are worth a write.
    Enough,
    Lost,
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use uuid::Uuid;

    use super::*;
    use crate::journal::frame::{FRAME, tests::record};

    struct Directory(PathBuf);

    impl Directory {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("mintreu-ledger-{}", Uuid::now_v7().simple()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn open(&self) -> io::Result<Arc<Live>> {
            Live::create(&self.0, Uuid::nil(), 1 << 20)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn full() -> io::Result<Arc<Live>> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn end(written: io::Result<Written>) -> Option<u64> {
        match written.unwrap() {
            Written::Now(_, end) => Some(end),
            Written::Before => None,
        }
    }

    #[test]
    fn calls_of_a_round_are_written_by_the_first_that_asks() {
        let (directory, ledger) = (Directory::new(), Ledger::default());
        let (first, _) = ledger.join(record());
        let (second, _) = ledger.join(record());
        ledger.keep(record());
        // The header, the end that waited and both calls; the route has no name to write.
        assert_eq!(end(ledger.write(&second, || directory.open())), Some(4 * FRAME as u64));
        assert_eq!(end(ledger.write(&first, full)), None);
        let (third, _) = ledger.join(record());
        assert_eq!(end(ledger.write(&third, full)), Some(5 * FRAME as u64));
        assert_eq!(ledger.waiting(), 0);
    }

    #[test]
    fn calls_of_a_round_are_refused_together_and_the_next_is_not() {
        let (directory, ledger) = (Directory::new(), Ledger::default());
        let (first, _) = ledger.join(record());
        let (second, _) = ledger.join(record());
        assert!(ledger.write(&first, full).is_err());
        assert!(ledger.write(&second, || directory.open()).is_err());
        let (third, _) = ledger.join(record());
        assert_eq!(end(ledger.write(&third, || directory.open())), Some(2 * FRAME as u64));
    }

    #[test]
    fn a_call_that_nobody_waits_for_is_written_with_the_next() {
        let (directory, ledger) = (Directory::new(), Ledger::default());
        drop(ledger.join(record()));
        assert_eq!(ledger.waiting(), 1);
        assert!(ledger.write_all(|| directory.open()).unwrap().is_some());
        assert!(ledger.write_all(full).unwrap().is_none());
    }

    #[test]
    fn a_round_has_a_bound() {
        let ledger = Ledger::default();
        let waits: Vec<bool> = (0..ENOUGH_ANSWERED).map(|_| ledger.join(record()).1).collect();
        assert_eq!(waits.iter().filter(|waits| !**waits).count(), 1);
        assert_eq!(waits.last(), Some(&false));
    }
}
