//! Runs jobs: polls, woken at once by work of this process, a few at a time, until it is told to
//! stop. A running job's lease is extended; whoever loses it drops the job on the spot.

use std::time::Duration;

use chrono::TimeDelta;
use mintreu_model::status::JobStatus;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{ATTEMPTS, Ended, Failure, Job, Outcome, give_up, handle, periodic, store};
use crate::{Control, Result, chain};

const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How long a lease is relied on that could not be extended; short of all of it.
const HELD: Duration = Duration::from_secs(25);
const HEARTBEAT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(500);
/// How long jobs may finish when the process stops; then they are let go and resumed elsewhere.
const LAST_GRACE: Duration = Duration::from_secs(10);
const CONCURRENCY: usize = 4;
/// How often a replica looks whether the test clock was moved on another.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(3);
/// What people are told of a failure of the platform's own.
const UNSPOKEN: &str = "It did not work, through no fault of yours. We are looking into it.";

/// The part of `mintreu serve` that works.
#[derive(Debug, Clone)]
pub struct Worker {
    control: Control,
}

impl Worker {
    #[must_use]
    pub const fn new(control: Control) -> Self {
        Self { control }
    }

    /// Works until the token is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        while let Err(error) = self.start().await {
            tracing::warn!(error = chain(&error), "the job queue is not available; trying again");
            if stop.run_until_cancelled(tokio::time::sleep(POLL)).await.is_none() {
                return;
            }
        }
        let _clock = self.control.config.test_clock.then(|| AbortOnDrop(tokio::spawn(follow_clock(self.control.clone()))));
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            while running.try_join_next().is_some() {}
            if running.len() >= CONCURRENCY {
                stop.run_until_cancelled(running.join_next()).await;
                continue;
            }
            match self.control.claim_job().await {
                Ok(Some(job)) => {
                    let control = self.control.clone();
                    running.spawn(async move { control.run_job(job).await });
                }
                Ok(None) => {
                    let work = self.control.db.work.notified();
                    let _ = stop.run_until_cancelled(timeout(POLL, work)).await;
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "no job could be taken from the queue; trying again");
                    let _ = stop.run_until_cancelled(tokio::time::sleep(POLL)).await;
                }
            }
        }
        let finished = timeout(LAST_GRACE, async { while running.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            running.shutdown().await;
        }
    }

    async fn start(&self) -> Result<()> {
        let mut tx = self.control.db.begin().await?;
        if self.control.db.is_exclusive() {
            store::end_leases(&mut tx, self.control.clock.system_now()).await?;
        }
        for kind in periodic::kinds() {
            store::seed(&mut tx, self.control.id(), kind, self.control.clock.now()).await?;
            // A clock that was put back must not keep work that comes round waiting.
            store::due_now(&mut tx, kind, self.control.clock.now()).await?;
        }
        tx.commit().await
    }
}

/// A task that ends with the value that holds it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn follow_clock(control: Control) {
    loop {
        if let Err(error) = control.load_clock().await {
            tracing::warn!(error = chain(&error), "the test clock cannot be read; trying again");
        }
        tokio::time::sleep(LOOK_AT_CLOCK).await;
    }
}

impl Control {
    pub(crate) async fn claim_job(&self) -> Result<Option<Job>> {
        let system_now = self.clock.system_now();
        let token = self.random.uuid(system_now);
        store::claim(&self.db, token, self.clock.now(), system_now, system_now + LEASE).await
    }

    /// Runs a leased job and writes down how it ended.
    pub(crate) async fn run_job(&self, job: Job) {
        let _running = self.running.one();
        let ended = if job.attempts > ATTEMPTS {
            Err(Failure::Again("the process ended each time while this was worked on".to_owned()))
        } else {
            tokio::select! {
                ended = handle(self, &job) => ended,
                () = self.hold(&job) => {
                    tracing::warn!(job = %job.id, kind = job.kind, "the lease was lost; another replica goes on");
                    return;
                }
            }
        };
        if let Err(error) = self.settle_job(&job, ended).await {
            tracing::warn!(job = %job.id, kind = job.kind, error = chain(&error), "how a job ended could not be written; it is run again");
            let _ = store::release(&self.db, &job, self.clock.system_now()).await;
        }
    }

    /// Keeps the lease; returns when it is lost or may be, for another replica may go on then.
    async fn hold(&self, job: &Job) {
        let mut held = Instant::now();
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let asked = Instant::now();
            match timeout_at(held + HELD, store::extend(&self.db, job, self.clock.system_now() + LEASE)).await {
                Ok(Ok(true)) => held = asked,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => tracing::warn!(job = %job.id, error = chain(&error), "a lease could not be extended"),
            }
        }
    }

    async fn settle_job(&self, job: &Job, ended: Ended) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        match ended {
            Ok(Outcome::Done) => {
                store::finish(&mut tx, job, JobStatus::Done, None, now).await?;
            }
            Ok(Outcome::Wait { at, payload, note }) => {
                let later = store::Later { at, payload: Some(&payload), attempts: 0, error: note.as_deref() };
                store::requeue(&mut tx, job, &later).await?;
            }
            Err(Failure::Again(error)) if job.attempts < ATTEMPTS || periodic::find(&job.kind).is_some() => {
                tracing::warn!(job = %job.id, kind = job.kind, target_id = job.target, error, "a job failed; it is tried again");
                // What comes round is never given up, and not put off for long.
                let attempts = if periodic::find(&job.kind).is_some() { job.attempts.min(5) } else { job.attempts };
                let later = store::Later { at: self.next_attempt(attempts), payload: None, attempts, error: Some(&error) };
                store::requeue(&mut tx, job, &later).await?;
            }
            Err(failure) => {
                // Only what was meant for people reaches them.
                let (error, told) = match failure {
                    Failure::Final(error) => (error.clone(), error),
                    Failure::Again(error) => (error, UNSPOKEN.to_owned()),
                };
                tracing::error!(job = %job.id, kind = job.kind, target_id = job.target, error, "a job is given up");
                if store::finish(&mut tx, job, JobStatus::Dead, Some(&error), now).await? {
                    give_up(self, &mut tx, job, &told).await?;
                }
            }
        }
        tx.commit().await?;
        self.told(&job.target);
        Ok(())
    }

    /// Runs what is due until nothing is, the work that comes round included; the number of jobs.
    /// For tests and the test clock.
    pub async fn run_due_jobs(&self) -> Result<usize> {
        let mut total = 0;
        loop {
            for kind in periodic::kinds() {
                if let Some(Err(Failure::Again(error) | Failure::Final(error))) = periodic::run_now(self, kind).await {
                    tracing::warn!(kind, error, "work that comes round failed");
                }
            }
            let mut ran = 0;
            loop {
                if let Some(job) = self.claim_job().await? {
                    ran += usize::from(periodic::find(&job.kind).is_none());
                    self.run_job(job).await;
                } else if self.running.any() {
                    // The worker of this process has some in hand.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                } else {
                    break;
                }
            }
            if ran == 0 {
                return Ok(total);
            }
            total += ran;
        }
    }
}
