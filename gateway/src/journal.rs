//! Usage on its way to the control plane. A call is written to a file when the service has answered
//! and before the client hears of it, so that whatever happens to this process, what was delivered
//! is billed. The flusher reads the files from their beginning and hands records over; the control
//! plane moves a segment's position in the transaction that counts them, so that an ambiguous
//! answer cannot count anything twice. Follow a record in `ledger.rs`, `frame.rs`, `segment.rs` and
//! `flush.rs`.

mod flush;
mod frame;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod ledger;
mod segment;
mod sync;

use std::{
    fs::{self, File},
    future::poll_fn,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use mintreu_model::id::{ApiKeyId, ApplicationId, RequestId, SegmentId, SubscriptionId};
use uuid::Uuid;

use flush::Reading;
pub use flush::{Imported, Waiting};
pub(crate) use flush::{import, inspect};
pub(crate) use ledger::Ledger;
use ledger::{Kept, Written};
use segment::Live;
use sync::{Synced, Syncer};

use crate::{
    policy::SourceUnavailable,
    refusals::Refused,
    settings::{Durability, JournalSettings},
};

/// What the gateway knows of one call: that it was answered, written before the client hears of
/// it, and later what it came to beyond that. A call that was not answered has the second record only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    pub application_id: ApplicationId,
    pub key_id: ApiKeyId,
    pub subscription_id: SubscriptionId,
    pub request_id: RequestId,
    /// Names the billing period that the call belongs to.
    pub quota_period_start: DateTime<Utc>,
    /// The pattern of the route, as text.
    pub route: Arc<str>,
    /// What the client got; 499 when it left before the answer.
    pub status: u16,
    /// When the call began, by the platform's clock.
    pub at: DateTime<Utc>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// From the head of the request to the head of the answer.
    pub latency_us: u64,
    /// Whether this record is the one that counts the call.
    pub counts: bool,
    /// Whether it took a unit of the quota: the service answered, with no 5xx.
    pub billed: bool,
}

/// What lies between two positions of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub segment: SegmentId,
    /// Who wrote it.
    pub replica: Uuid,
    pub from: u64,
    pub to: u64,
}

/// Where usage goes. Called on the flusher's runtime.
pub trait UsageSink: Send + Sync + 'static {
    fn batch(&self) -> Box<dyn UsageBatch>;

    /// The position of a segment; 0 when it was never offered.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it cannot be asked.
    fn position(&self, segment: SegmentId) -> BoxFuture<'_, Result<u64, SourceUnavailable>>;

    /// Everything that the replica wrote is counted: units of quotas that it leased before are free.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it is not known to be done: it will be said again.
    fn recovered(&self, replica: Uuid) -> BoxFuture<'_, Result<(), SourceUnavailable>>;

    /// Calls that were refused since the last time, for analytics; never billed.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when they are not noted: they will be handed over again.
    fn refused(&self, refused: Vec<Refused>) -> BoxFuture<'_, Result<(), SourceUnavailable>>;
}

/// Records that are counted together or not at all.
pub trait UsageBatch: Send {
    fn add(&mut self, record: UsageRecord);

    /// How many sums the records come to, which is what counting them costs.
    fn sums(&self) -> usize;

    /// Counts what was added, which is all that the parts hold, and moves each part's segment from
    /// `from` to `to`, durably and in one; where a segment is elsewhere, counts nothing and moves
    /// none. Gives the position of each part's segment after it.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it is not known to be done: it will be offered again.
    fn count(self: Box<Self>, parts: Vec<Part>) -> BoxFuture<'static, Result<Vec<u64>, SourceUnavailable>>;
}

/// How the journal is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalStatus {
    /// Records that the control plane has not counted yet.
    pub backlog: u64,
    /// At most so long has the oldest of them waited.
    pub age: Duration,
    /// Files of this process.
    pub segments: usize,
    /// Free space where they lie; `None` when it cannot be told.
    pub free_bytes: Option<u64>,
    /// Less than the operator wants is free.
    pub nearly_full: bool,
    /// Billable calls are refused: there is no room.
    pub full: bool,
    /// Billable calls are refused: what an earlier process left is not counted yet.
    pub recovering: bool,
    /// Frames that could not be read, since the start.
    pub damaged: u64,
    /// Ends of calls (bytes and latency, nothing billed) that a full disk cost.
    pub lost: u64,
}

/// Why a billable call cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotWritten;

pub(crate) struct Journal {
    settings: JournalSettings,
    replica: Uuid,
    sink: Arc<dyn UsageSink>,
    syncer: Option<Syncer>,
    ledgers: Mutex<Vec<Arc<Ledger>>>,
    live: Mutex<Vec<Arc<Live>>>,
    /// Held while a flush runs: records are handed over one segment after the other.
    reading: tokio::sync::Mutex<Reading>,
    /// Bytes of earlier processes that are not counted yet.
    left: AtomicU64,
    recovering: AtomicBool,
    full: AtomicBool,
    nearly_full: AtomicBool,
    damaged: AtomicU64,
    lost: AtomicU64,
    drained: Mutex<Instant>,
    /// Keeps other processes off the directory.
    _lock: File,
}

impl Journal {
    /// With `leased`, what this journal's replica held before is void once everything is counted,
    /// though nothing is left.
    pub(crate) fn open(settings: JournalSettings, sink: Arc<dyn UsageSink>, leased: bool) -> io::Result<Self> {
        let lock = lock(&settings.directory)?;
        let replica = replica(&settings.directory)?;
        let left = segment::list(&settings.directory)?;
        Ok(Self {
            syncer: match settings.durability {
                Durability::Process => None,
                Durability::Strict => Some(Syncer::start()?),
            },
            recovering: AtomicBool::new(leased || !left.is_empty()),
            reading: tokio::sync::Mutex::new(Reading::new(left)),
            settings,
            replica,
            sink,
            ledgers: Mutex::default(),
            live: Mutex::default(),
            left: AtomicU64::new(0),
            full: AtomicBool::new(false),
            nearly_full: AtomicBool::new(false),
            damaged: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            drained: Mutex::new(Instant::now()),
            _lock: lock,
        })
    }

    /// Where usage goes.
    pub(crate) fn sink(&self) -> &dyn UsageSink {
        &*self.sink
    }

    pub(crate) fn replica(&self) -> Uuid {
        self.replica
    }

    /// A ledger for one worker.
    pub(crate) fn ledger(&self) -> Arc<Ledger> {
        let ledger = Arc::<Ledger>::default();
        locked(&self.ledgers).push(Arc::clone(&ledger));
        ledger
    }

    /// Whether a billable call may be taken.
    pub(crate) fn is_open(&self) -> bool {
        !self.full.load(Ordering::Relaxed) && !self.recovering.load(Ordering::Relaxed)
    }

    /// Writes what is to be billed, in one with what other calls of this turn of the event loop have to
    /// write. The client may hear of it when this has come true; it is written though nobody waits.
    pub(crate) async fn write(&self, ledger: &Ledger, record: UsageRecord) -> Result<(), NotWritten> {
        let (round, waits) = ledger.join(record);
        if waits && self.syncer.is_none() {
            others_first().await;
        }
        let synced = match ledger.write(&round, || self.open_segment()) {
            Ok(Written::Now(live, end)) => self.publish(live, end),
            Ok(Written::Before) => None,
            Err(error) => {
                self.refuse(&error);
                return Err(NotWritten);
            }
        };
        let lasts = match synced {
            Some(synced) => synced.holds().await,
            None => true,
        };
        if lasts { Ok(()) } else { Err(NotWritten) }
    }

    /// Takes the end of a call in, to be written with the next one.
    pub(crate) fn end(&self, ledger: &Ledger, record: UsageRecord) {
        match ledger.keep(record) {
            Kept::Waits => {}
            Kept::Enough => self.write_all(ledger),
            Kept::Lost => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn write_all(&self, ledger: &Ledger) {
        match ledger.write_all(|| self.open_segment()) {
            Ok(Some((live, end))) => drop(self.publish(live, end)),
            Ok(None) => {}
            Err(error) => self.refuse(&error),
        }
    }

    fn publish(&self, live: Arc<Live>, end: u64) -> Option<Synced> {
        let Some(syncer) = &self.syncer else {
            live.publish(end);
            return None;
        };
        Some(syncer.sync(live, end))
    }

    fn refuse(&self, error: &io::Error) {
        if !self.full.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the usage journal cannot be written: billable calls are refused until it can");
        }
    }

    fn open_segment(&self) -> io::Result<Arc<Live>> {
        if !self.has_room() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let live = Live::create(&self.settings.directory, self.replica, self.settings.segment_bytes)?;
        if self.settings.durability == Durability::Strict {
            File::open(&self.settings.directory)?.sync_all()?;
        }
        locked(&self.live).push(Arc::clone(&live));
        Ok(live)
    }

    fn free_bytes(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.settings.directory).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn has_room(&self) -> bool {
        self.free_bytes().is_none_or(|free| free >= self.settings.segment_bytes.saturating_add(self.settings.reserve_bytes))
    }

    fn warn_of_a_full_disk(&self) {
        let nearly_full = self.free_bytes().is_some_and(|free| free < self.settings.warn_bytes);
        if nearly_full && !self.nearly_full.swap(nearly_full, Ordering::Relaxed) {
            tracing::warn!(directory = %self.settings.directory.display(), "the disk of the usage journal is nearly full: make room");
        }
        self.nearly_full.store(nearly_full, Ordering::Relaxed);
    }

    /// Records that are not counted yet.
    pub(crate) fn backlog(&self) -> u64 {
        let unread = locked(&self.live).iter().map(|live| live.readable().saturating_sub(live.acknowledged())).sum::<u64>();
        let waiting = locked(&self.ledgers).iter().map(|ledger| ledger.waiting() as u64).sum::<u64>();
        (unread + self.left.load(Ordering::Relaxed)) / frame::FRAME as u64 + waiting
    }

    pub(crate) fn status(&self) -> JournalStatus {
        let segments = locked(&self.live).len();
        let backlog = self.backlog();
        JournalStatus {
            backlog,
            age: if backlog == 0 { Duration::ZERO } else { locked(&self.drained).elapsed() },
            segments,
            free_bytes: self.free_bytes(),
            nearly_full: self.nearly_full.load(Ordering::Relaxed),
            full: self.full.load(Ordering::Relaxed),
            recovering: self.recovering.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }
}

/// Lets the tasks that are ready have their turn.
async fn others_first() {
    let mut had = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the directory and takes it for this process.
fn lock(directory: &Path) -> io::Result<File> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let lock = File::options().create(true).truncate(false).write(true).open(directory.join("lock"))?;
    lock.try_lock().map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "another process writes this usage journal"))?;
    Ok(lock)
}

/// The name that this directory's segments carry, made at its first use.
fn replica(directory: &Path) -> io::Result<Uuid> {
    let path: PathBuf = directory.join("replica");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its replica file holds no UUID")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let replica = Uuid::now_v7();
            fs::write(path, replica.to_string())?;
            Ok(replica)
        }
        Err(error) => Err(error),
    }
}
