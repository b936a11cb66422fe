//! What one worker writes. A call that the service has answered is written at once; what is known
//! only at a call's end waits in memory for the next write, at most until the next flush.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
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

#[derive(Default)]
pub(crate) struct Ledger(Mutex<Writer>);

#[derive(Default)]
struct Writer {
    live: Option<Arc<Live>>,
    at: u64,
    /// Routes that the segment has named.
    numbers: HashMap<Arc<str>, u16, RandomState>,
    ended: Vec<UsageRecord>,
    buffer: Vec<u8>,
}

impl Ledger {
    /// Writes a record, with the ends that wait. Gives the segment and the offset behind it.
    pub(super) fn write(&self, record: &UsageRecord, open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<Option<(Arc<Live>, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(Some(record), open)
    }

    /// Writes the ends that wait.
    pub(super) fn write_ended(&self, open: impl FnMut() -> io::Result<Arc<Live>>) -> io::Result<Option<(Arc<Live>, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(None, open)
    }

    /// Keeps the end of a call for the next write.
    pub(super) fn keep(&self, record: UsageRecord) -> Kept {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.ended.len() >= MOST_ENDED {
            return Kept::Lost;
        }
        writer.ended.push(record);
        if writer.ended.len() >= ENOUGH_ENDED { Kept::Enough } else { Kept::Waits }
    }

    pub(super) fn waiting(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ended.len()
    }

    /// Lets go of the segment: the next write begins another.
    pub(super) fn seal(&self) {
        if let Some(live) = &self.0.lock().unwrap_or_else(PoisonError::into_inner).live {
            live.seal();
        }
    }
}

impl Writer {
    fn write(
        &mut self,
        record: Option<&UsageRecord>,
        mut open: impl FnMut() -> io::Result<Arc<Live>>,
    ) -> io::Result<Option<(Arc<Live>, u64)>> {
        if record.is_none() && self.ended.is_empty() {
            return Ok(None);
        }
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
            self.encode(&live, record);
            if !live.has_room(self.at, self.buffer.len()) {
                live.seal();
                continue;
            }
            match live.write(&self.buffer, self.at) {
                Ok(end) => {
                    self.at = end;
                    self.ended.clear();
                    self.live = Some(Arc::clone(&live));
                    return Ok(Some((live, end)));
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn encode(&mut self, live: &Live, record: Option<&UsageRecord>) {
        self.buffer.clear();
        for record in self.ended.iter().chain(record) {
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
