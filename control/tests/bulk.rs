//! One action on many: what is done, what is not and why, and an entry for each.

use mintreu_control::bulk::{self, Chosen, Refused};
use mintreu_control_testing::{Bench, on_both, on_sqlite};
use mintreu_model::{
    form::tenant::SuspendTenant,
    id::{JobId, TenantId},
    list::ListQuery,
    status::{JobStatus, TenantStatus},
};

async fn tenants(bench: &Bench, names: &[&str]) -> Vec<TenantId> {
    let ines = bench.person("ines").await;
    let mut ids = Vec::new();
    for name in names {
        ids.push(bench.tenant(&ines, name).await.id);
    }
    ids
}

fn matching(q: &str) -> ListQuery {
    ListQuery { q: Some(q.into()), ..ListQuery::default() }
}

async fn entries(bench: &Bench, action: &str) -> i64 {
    bench.number(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = '{action}'")).await
}

#[tokio::test]
async fn chosen_tenants_are_suspended_and_those_that_cannot_be_are_told() {
    on_both(async |bench| {
        let ids = tenants(&bench, &["North", "South", "West"]).await;
        let who = bench.operator().await;
        let unpaid = SuspendTenant { reason: "Unpaid".into() };
        bench.suspend_tenant(&who, ids[1], &unpaid).await.unwrap();
        let unknown: TenantId = "ten_00000000000000000000000001".parse().unwrap();
        let report = bench.suspend_tenants(&who, Chosen::Rows(vec![ids[0], ids[1], unknown]), &unpaid).await.unwrap();
        let refused = |name: &str, reason: &str| Refused { name: name.into(), reason: reason.into() };
        assert_eq!(report.done, 1);
        assert_eq!(
            report.refused,
            [
                refused("South", "The tenant is suspended, so this cannot be done."),
                refused(&unknown.to_string(), "There is no such tenant."),
            ]
        );
        assert_eq!(entries(&bench, "tenant.suspend").await, 2, "one entry for each tenant that was suspended");
        assert_eq!(bench.get_any_tenant(&who, ids[2]).await.unwrap().status, TenantStatus::Active);
        let nameless = bench.suspend_tenants(&who, Chosen::Rows(ids), &SuspendTenant { reason: " ".into() }).await.unwrap_err();
        assert_eq!(nameless.problem().status, 422);
    })
    .await;
}

#[tokio::test]
async fn all_that_match_the_filter_are_suspended_and_resumed_and_no_others() {
    on_both(async |bench| {
        let ids = tenants(&bench, &["Harbour one", "Harbour two", "Meadow"]).await;
        let who = bench.operator().await;
        let unpaid = SuspendTenant { reason: "Unpaid".into() };
        let report = bench.suspend_tenants(&who, Chosen::Matching(matching("HARBOUR")), &unpaid).await.unwrap();
        assert_eq!((report.done, report.refused.len(), report.left), (2, 0, 0));
        let states = async || {
            let mut states = Vec::new();
            for id in &ids {
                states.push(bench.get_any_tenant(&who, *id).await.unwrap().status);
            }
            states
        };
        assert_eq!(states().await, [TenantStatus::Suspended, TenantStatus::Suspended, TenantStatus::Active]);
        let suspended = ListQuery { status: Some("suspended".into()), ..ListQuery::default() };
        assert_eq!(bench.resume_tenants(&who, Chosen::Matching(suspended)).await.unwrap().done, 2);
        assert_eq!(states().await, [TenantStatus::Active; 3]);
        assert_eq!(entries(&bench, "tenant.resume").await, 2);
    })
    .await;
}

/// Jobs of a kind that nobody takes up, in this state.
async fn insert_jobs(bench: &Bench, state: &str, targets: impl Iterator<Item = usize>) -> Vec<JobId> {
    let (mut ids, mut rows) = (Vec::new(), Vec::new());
    for target in targets {
        let id = bench.random.uuid(bench.clock.now());
        ids.push(JobId::from(id));
        let at = "'2026-03-01T12:00:00+00:00'";
        rows.push(format!("({}, 'example', 'one-{target}', 'null', '{state}', {at}, {at}, 10)", bench.literal(id)));
    }
    let columns = "id, kind, target, payload, status, run_at, created_at, attempts";
    bench.sql(&format!("INSERT INTO jobs ({columns}) VALUES {}", rows.join(", "))).await;
    ids
}

#[tokio::test]
async fn jobs_that_failed_are_started_anew_and_what_is_done_is_left_alone() {
    on_both(async |bench| {
        let dead = insert_jobs(&bench, "dead", 0..3).await;
        let done = insert_jobs(&bench, "done", 3..4).await;
        let who = bench.operator().await;
        let report = bench.retry_jobs(&who, Chosen::Rows(vec![dead[0], done[0]])).await.unwrap();
        assert_eq!(report.done, 1);
        assert_eq!(report.refused[0].name, "example one-3");
        assert_eq!(report.refused[0].reason, "The job is done, so there is nothing to start again.");
        let report = bench.retry_jobs(&who, Chosen::Matching(matching("example"))).await.unwrap();
        assert_eq!((report.done, report.refused.len()), (2, 0));
        let queued = ListQuery { status: Some(JobStatus::Queued.to_string()), ..matching("example") };
        assert_eq!(bench.list_jobs(&who, &queued).await.unwrap().total, 3);
        assert_eq!(entries(&bench, "job.retry").await, 3);
    })
    .await;
}

#[tokio::test]
async fn more_than_can_be_done_at_once_are_left_and_said_so() {
    on_sqlite(async |bench| {
        insert_jobs(&bench, "dead", 0..bulk::MOST + 2).await;
        let report = bench.retry_jobs(&bench.operator().await, Chosen::Matching(ListQuery::default())).await.unwrap();
        assert_eq!((report.done, report.left), (bulk::MOST, 2));
    })
    .await;
}
