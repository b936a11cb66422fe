//! Work that goes on after the answer: a queue in the database. A job is a row with a kind and
//! the id of what it works on; a worker leases it, one at a time for each thing, so that any
//! replica may run it and none runs it twice at once. A lease that nobody extends runs out and the
//! job is taken up again: every job must be able to start anew from any point.
//!
//! What fails is tried again with growing pauses, and after `ATTEMPTS` it is dead: operators see
//! it and may start it again. Business work falls due by business time; leases live on the
//! system's clock. To add a job, add a file with its function and a line to `handle`; work that
//! comes round is a line in `periodic.rs`.

mod application;
pub(crate) mod forgot;
mod lapse;
mod periodic;
mod prune;
pub(crate) mod store;
mod tenant;
mod worker;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    id::JobId,
    list::{List, ListQuery},
    status::JobStatus,
    view::JobView,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
pub(crate) use store::Job;
pub use worker::Worker;

use crate::{
    Control, Error, Operator, Result,
    audit::Entry,
    bulk::{Chosen, Report, Tally},
    error::is_duplicate,
    store::Tx,
};

/// Failures in a row after which a job is dead.
pub(crate) const ATTEMPTS: i64 = 10;

/// The longest pause between two attempts.
const PAUSE_LONGEST: TimeDelta = TimeDelta::minutes(15);

pub(crate) mod kind {
    //! Names of jobs, as they are in the database.
    pub(crate) const PROVISION: &str = "application.provision";
    pub(crate) const CONFIGURE: &str = "application.config";
    pub(crate) const CHANGE_PLAN: &str = "application.plan";
    pub(crate) const DELETE: &str = "application.delete";
    pub(crate) const UNDO: &str = "application.undo";
    pub(crate) const FORGOT: &str = "account.forgot";
}

/// How a job ended that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    /// It goes on at `at`, with this payload; not counted as a failure.
    Wait {
        at: DateTime<Utc>,
        payload: Value,
        note: Option<String>,
    },
}

/// Why a job could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again may help.
    Again(String),
    /// Trying again does not help.
    Final(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Again(format!("{error}{cause}"))
    }
}

pub(crate) type Ended = std::result::Result<Outcome, Failure>;

/// Jobs that this process runs now.
#[derive(Debug, Default, Clone)]
pub(crate) struct Running(Arc<AtomicUsize>);

impl Running {
    fn one(&self) -> RunningOne {
        self.0.fetch_add(1, Ordering::SeqCst);
        RunningOne(Arc::clone(&self.0))
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

struct RunningOne(Arc<AtomicUsize>);

impl Drop for RunningOne {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A payload as its type; what is not there or unknown is the default.
fn payload<T: DeserializeOwned + Default>(job: &Job) -> T {
    serde_json::from_value(job.payload.0.clone()).unwrap_or_default()
}

fn to_payload(state: &impl Serialize) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}

async fn handle(control: &Control, job: &Job) -> Ended {
    match job.kind.as_str() {
        kind::PROVISION => application::provision::run(control, job).await,
        kind::CONFIGURE | kind::CHANGE_PLAN => application::update::run(control, job).await,
        kind::DELETE => application::delete::run(control, job).await,
        kind::UNDO => application::undo::run(control, job).await,
        kind::FORGOT => forgot::run(control, job).await,
        name => match periodic::find(name) {
            Some(periodic) => periodic.run(control).await,
            None => Err(Failure::Final(format!("no job is called {name}"))),
        },
    }
}

/// What else becomes true when a job is given up, in the same transaction.
async fn give_up(control: &Control, tx: &mut Tx, job: &Job, error: &str) -> Result<()> {
    match job.kind.as_str() {
        kind::PROVISION => application::provision::given_up(control, tx, job).await,
        kind::CONFIGURE | kind::CHANGE_PLAN => application::update::given_up(control, tx, job, error).await,
        kind::DELETE => application::delete::given_up(control, tx, job, error).await,
        _ => Ok(()),
    }
}

impl Control {
    /// Puts a job on the queue with the transaction. One that waits for the same thing already
    /// takes the earlier time and keeps what it carries.
    pub(crate) async fn enqueue(&self, tx: &mut Tx, kind: &str, target: &str, payload: &Value, run_at: DateTime<Utc>) -> Result<()> {
        store::enqueue(tx, self.id(), kind, target, payload, run_at, self.clock.now()).await?;
        tx.enqueued();
        Ok(())
    }

    /// A deletion that a failed application still owes its service goes over to its next making,
    /// which begins with it.
    pub(crate) async fn take_over_undo(&self, tx: &mut Tx, target: &str) -> Result<()> {
        if store::withdraw(tx, kind::UNDO, target).await? {
            store::set_payload(tx, kind::PROVISION, target, &application::provision::with_undo()).await?;
        }
        Ok(())
    }

    /// When to try again after `attempts` failures: 2, 4, 8 … seconds, give or take a quarter.
    pub(crate) fn next_attempt(&self, attempts: i64) -> DateTime<Utc> {
        let seconds = 1_i64 << attempts.clamp(1, 20);
        let pause = TimeDelta::seconds(seconds).min(PAUSE_LONGEST);
        let quarter = u64::try_from(pause.num_milliseconds() / 4).unwrap_or(0);
        let jitter = i64::try_from(self.random.below(quarter * 2 + 1)).unwrap_or(0) - i64::try_from(quarter).unwrap_or(0);
        self.clock.now() + pause + TimeDelta::milliseconds(jitter)
    }

    /// Jobs, newest first; `status` filters.
    pub async fn list_jobs(&self, _: &Operator, query: &ListQuery) -> Result<List<JobView>> {
        store::list(&self.db, query).await
    }

    /// How many failed for good, for the navigation of the back office.
    pub async fn count_dead_jobs(&self, _: &Operator) -> Result<i64> {
        store::count_dead(&self.db).await
    }

    /// Starts chosen jobs anew, or all of a list that failed.
    pub async fn retry_jobs(&self, who: &Operator, chosen: Chosen<JobId>) -> Result<Report> {
        let ids = match chosen {
            Chosen::Rows(ids) => ids,
            Chosen::Matching(query) => store::failed(&self.db, &query).await?,
        };
        let mut tally = Tally::of(ids);
        while let Some(id) = tally.next() {
            if let Some(reason) = tally.note(self.retry_job(who, id).await)? {
                let job = store::get(&self.db, id).await?;
                tally.refuse(job.map_or_else(|| id.to_string(), |job| format!("{} {}", job.kind, job.target)), reason);
            }
        }
        Ok(tally.end())
    }

    /// Starts a dead job anew, or a waiting one at once.
    pub async fn retry_job(&self, who: &Operator, id: JobId) -> Result<JobView> {
        let before = store::get(&self.db, id).await?.ok_or(Error::NotFound("job"))?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // What an application's job carries is how far it came; it begins anew.
        let anew = before.kind != kind::FORGOT;
        let retried = match store::retry(&mut tx, id, anew, now).await {
            Err(error) if is_duplicate(&error) => {
                return Err(Error::conflict("already_queued", "The same work is on the queue already."));
            }
            other => other?,
        };
        if !retried {
            let state = if before.status == JobStatus::Done { "done" } else { "running" };
            return Err(Error::conflict("job_not_waiting", format!("The job is {state}, so there is nothing to start again.")));
        }
        if before.kind == kind::PROVISION && before.status == JobStatus::Dead {
            self.restart_any(&mut tx, &before.target, now).await?;
            self.take_over_undo(&mut tx, &before.target).await?;
        }
        tx.enqueued();
        self.record(&mut tx, Some(who.actor()), Entry::new("job.retry", ("job", id, &before.kind)).before(&before)).await?;
        tx.commit().await?;
        store::get(&self.db, id).await?.ok_or(Error::NotFound("job"))
    }
}
