//! Usage on its way to the control plane. Each call ends as one record in its worker's ledger;
//! once a second the ledgers are emptied into segments, and a segment is offered under the same
//! id until it is accepted, so that an ambiguous answer cannot count anything twice.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use mintreu_model::id::{ApiKeyId, ApplicationId, SegmentId, SubscriptionId};
use uuid::Uuid;

use crate::policy::SourceUnavailable;

/// Records in one segment: what one transaction takes in well under a second.
const SEGMENT_RECORDS: usize = 5_000;

/// One call that was forwarded, or was about to be when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    pub application_id: ApplicationId,
    pub key_id: ApiKeyId,
    pub subscription_id: SubscriptionId,
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
    /// From the head of the request to the end of the answer.
    pub latency_us: u64,
    /// Whether it took a unit of the quota: the service answered, with no 5xx.
    pub billed: bool,
}

/// Records that are accepted together or not at all.
#[derive(Debug, Clone)]
pub struct Segment {
    pub id: SegmentId,
    pub records: Vec<UsageRecord>,
}

/// Where usage goes. Called on the flusher's runtime.
pub trait UsageSink: Send + Sync + 'static {
    /// Takes the segment in, durably. A segment whose id was taken in before is accepted again
    /// without counting it.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it is not known to be in: it will be offered again.
    fn accept<'a>(&'a self, segment: &'a Segment) -> BoxFuture<'a, Result<(), SourceUnavailable>>;
}

/// The records of one worker that no segment holds yet.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Vec<UsageRecord>>);

/// All ledgers, and the segments that wait to be accepted.
pub(crate) struct Journal {
    sink: Arc<dyn UsageSink>,
    ledgers: Mutex<Vec<Arc<Ledger>>>,
    /// Held while a flush runs: segments are handed over one after the other, in order.
    waiting: tokio::sync::Mutex<VecDeque<Segment>>,
    backlog: AtomicUsize,
}

impl Journal {
    pub(crate) fn new(sink: Arc<dyn UsageSink>) -> Self {
        Self { sink, ledgers: Mutex::default(), waiting: tokio::sync::Mutex::default(), backlog: AtomicUsize::new(0) }
    }

    pub(crate) fn open(&self) -> Arc<Ledger> {
        let ledger = Arc::<Ledger>::default();
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ledger));
        ledger
    }

    pub(crate) fn write(&self, ledger: &Ledger, record: UsageRecord) {
        self.backlog.fetch_add(1, Ordering::Relaxed);
        ledger.0.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// Records not yet accepted.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog.load(Ordering::Relaxed)
    }

    /// Hands over what there is, and stops at the first segment that is not accepted.
    pub(crate) async fn flush(&self) -> Result<(), SourceUnavailable> {
        let mut waiting = self.waiting.lock().await;
        self.cut(&mut waiting);
        while let Some(segment) = waiting.front() {
            self.sink.accept(segment).await?;
            self.backlog.fetch_sub(segment.records.len(), Ordering::Relaxed);
            waiting.pop_front();
        }
        Ok(())
    }

    fn cut(&self, waiting: &mut VecDeque<Segment>) {
        let mut records = Vec::new();
        {
            let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
            for ledger in ledgers.iter() {
                let mut taken = ledger.0.lock().unwrap_or_else(PoisonError::into_inner);
                if records.is_empty() {
                    records = mem::take(&mut *taken);
                } else {
                    records.append(&mut taken);
                }
            }
            ledgers.retain(|ledger| Arc::strong_count(ledger) > 1 || !ledger.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
        }
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(SEGMENT_RECORDS));
            let id = SegmentId(Uuid::now_v7());
            waiting.push_back(Segment { id, records: mem::replace(&mut records, rest) });
        }
    }
}
