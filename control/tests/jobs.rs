//! The queue: leases, attempts, the dead and their second chance.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use chrono::TimeDelta;
use mintreu_control::{Error, Permitted, access::ManageApplications, jobs::Worker};
use mintreu_control_testing::service::{self, Service};
use mintreu_control_testing::{Bench, on_both};
use mintreu_model::{
    form::application::Provision,
    id::ApplicationId,
    list::ListQuery,
    status::{ApplicationStatus, DatabaseMode, JobStatus},
    view::JobView,
};
use tokio_util::sync::CancellationToken;

fn code(error: &Error) -> String {
    error.problem().code
}

async fn subscriber(bench: &Bench, database: DatabaseMode) -> (Permitted<ManageApplications>, Service) {
    let service = Service::start().await;
    service::product(bench, "shop", &service.url, database, true).await;
    let who: Permitted<ManageApplications> = bench.owner("ines").await;
    service::subscription(bench, &who, "shop").await;
    (who, service)
}

async fn provision(bench: &Bench, who: &Permitted<ManageApplications>) -> ApplicationId {
    let form = Provision { product: "shop".into(), name: "Store".into(), config: serde_json::Map::default() };
    bench.provision(who, &form).await.unwrap().id
}

async fn job(bench: &Bench, kind: &str) -> JobView {
    let query = ListQuery { q: Some(kind.into()), ..Default::default() };
    bench.list_jobs(&bench.operator().await, &query).await.unwrap().data.into_iter().next().unwrap()
}

async fn until(condition: impl AsyncFn() -> bool) {
    tokio::time::timeout(Duration::from_secs(30), async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it comes true");
}

#[tokio::test]
async fn a_worker_takes_up_what_is_enqueued_and_stops_when_told() {
    on_both(async |bench| {
        let (who, service) = subscriber(&bench, DatabaseMode::Dedicated).await;
        let (worker, stop) = (Worker::new(bench.control.clone()), CancellationToken::new());
        let running = tokio::spawn({
            let stop = stop.clone();
            async move { worker.run(stop).await }
        });
        let id = provision(&bench, &who).await;
        let viewer = who.also().unwrap();
        until(async || bench.get_application(&viewer, id).await.unwrap().status == ApplicationStatus::Active).await;
        assert_eq!(service.methods(), ["PUT"]);
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
        assert_eq!(job(&bench, "application.provision").await.status, JobStatus::Done);
        let queued = bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE kind = 'mail.send' AND status = 'queued'").await;
        assert_eq!(queued, 1, "work that comes round is one row");
    })
    .await;
}

#[tokio::test]
async fn two_workers_never_do_the_same_work() {
    on_both(async |bench| {
        let (who, service) = subscriber(&bench, DatabaseMode::None).await;
        let ids = [provision(&bench, &who).await, provision(&bench, &who).await];
        let runs = (0..6).map(|_| bench.run_due_jobs());
        for outcome in futures_util::future::join_all(runs).await {
            outcome.unwrap();
        }
        let mut puts: Vec<String> = service.heard().iter().map(|heard| heard.uri.path().to_owned()).collect();
        puts.sort();
        let mut expected = ids.map(|id| format!("/.mintreu/v1/applications/{id}"));
        expected.sort();
        assert_eq!(puts, expected);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_keeps_failing_dies_with_its_reason_and_may_be_started_again() {
    on_both(async |bench| {
        let (who, _service) = subscriber(&bench, DatabaseMode::Dedicated).await;
        if bench.config.app_database_url.is_some() {
            // What can be broken without touching other tests is a folder.
            return;
        }
        let folder = bench.config.data_dir.join("applications");
        std::fs::write(&folder, "not a folder").unwrap();
        let id = provision(&bench, &who).await;
        let viewer = who.also().unwrap();
        for attempt in 1..=10 {
            assert_eq!(bench.get_application(&viewer, id).await.unwrap().status, ApplicationStatus::Provisioning, "attempt {attempt}");
            bench.run_due_jobs().await.unwrap();
            bench.advance(TimeDelta::hours(1));
        }
        let application = bench.get_application(&viewer, id).await.unwrap();
        assert_eq!(application.status, ApplicationStatus::Failed, "never stuck");
        let dead = job(&bench, "application.provision").await;
        assert_eq!((dead.status, dead.attempts), (JobStatus::Dead, 10));
        assert!(dead.last_error.unwrap().starts_with("the database file could not be made"));
        std::fs::remove_file(folder).unwrap();
        let operator = bench.operator().await;
        let again = bench.retry_job(&operator, dead.id).await.unwrap();
        assert_eq!((again.status, again.attempts), (JobStatus::Queued, 0));
        bench.run_due_jobs().await.unwrap();
        assert_eq!(bench.get_application(&viewer, id).await.unwrap().status, ApplicationStatus::Active);
        assert_eq!(code(&bench.retry_job(&operator, dead.id).await.unwrap_err()), "job_not_waiting");
    })
    .await;
}

#[tokio::test]
async fn what_a_process_left_on_sqlite_goes_on_as_soon_as_it_starts_again() {
    on_both(async |bench| {
        if bench.db.engine() != "sqlite" {
            // There another replica may hold the lease: it must run out.
            return;
        }
        let (who, service) = subscriber(&bench, DatabaseMode::None).await;
        service.say([service::Say::Silence]);
        let id = provision(&bench, &who).await;
        let control = bench.control.clone();
        let first = tokio::spawn(async move { control.run_due_jobs().await });
        until(async || !service.heard().is_empty()).await;
        first.abort();
        let _ = first.await;
        let (worker, stop) = (Worker::new(bench.control.clone()), CancellationToken::new());
        let viewer = who.also().unwrap();
        tokio::join!(worker.run(stop.clone()), async {
            until(async || bench.get_application(&viewer, id).await.unwrap().status == ApplicationStatus::Active).await;
            stop.cancel();
        });
        assert_eq!(service.methods(), ["PUT", "PUT"]);
    })
    .await;
}

#[tokio::test]
async fn work_that_comes_round_is_due_at_start_though_the_clock_was_put_back() {
    on_both(async |bench| {
        let start = async || {
            let stop = CancellationToken::new();
            let worker = Worker::new(bench.control.clone());
            let running = tokio::spawn({
                let stop = stop.clone();
                async move { worker.run(stop).await }
            });
            let ahead = "SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE kind = 'mail.send' AND run_at < '2026-03-02'";
            until(async || bench.number(ahead).await == 1).await;
            stop.cancel();
            running.await.unwrap();
        };
        start().await;
        bench.sql("UPDATE jobs SET run_at = '2036-03-01T12:00:00+00:00'").await;
        start().await;
    })
    .await;
}

#[tokio::test]
async fn a_replica_follows_the_test_clock_and_never_turns_it_back() {
    on_both(async |bench| {
        bench.sql("UPDATE test_clock SET ahead_seconds = 500").await;
        let (worker, stop) = (Worker::new(bench.control.clone()), CancellationToken::new());
        tokio::join!(worker.run(stop.clone()), async {
            until(async || bench.clock.ahead_seconds() == 500).await;
            stop.cancel();
        });
        bench.clock.set_ahead_seconds(900);
        bench.load_clock().await.unwrap();
        assert_eq!(bench.clock.ahead_seconds(), 900);
    })
    .await;
}
