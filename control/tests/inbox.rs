//! What a tenant is told, and who has read it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use chrono::TimeDelta;
use mintreu_control::{
    access::{ManageSubscriptions, ViewTenant},
    key::Grant,
    usage::{Batch, Part, Record},
};
use mintreu_control_testing::{
    Bench, on_both,
    scene::{Scene, scene},
};
use mintreu_model::{
    form::{catalogue::CreatePlan, subscription::ChangePlan, tenant::AssignMember},
    id::SegmentId,
    list::ListQuery,
    role::Role,
    view::NotificationView,
};
use serde_json::json;
use uuid::Uuid;

async fn inbox(scene: &Scene, kind: &str) -> Vec<NotificationView> {
    let query = ListQuery { limit: Some(100), ..ListQuery::default() };
    let all = scene.bench.list_notifications(&scene.viewer(), &query).await.unwrap().data;
    all.into_iter().filter(|one| one.kind.starts_with(kind)).collect()
}

async fn grant(scene: &Scene) -> Grant {
    let created = scene.provision("Storefront").await;
    scene.bench.gateway_grant(&created.key.client_id).await.unwrap().unwrap()
}

/// Calls that the plan pays for, in a segment of their own.
async fn calls(bench: &Bench, grant: &Grant, number: i64) {
    let at = bench.clock.now();
    let mut batch = Batch::default();
    batch.extend((0..number).map(|_| Record {
        application_id: grant.application_id,
        key_id: grant.key_id,
        subscription_id: grant.subscription_id,
        quota_period_start: grant.quota_period_start,
        route: "GET /".into(),
        status: 200,
        at,
        bytes_in: 0,
        bytes_out: 0,
        latency_us: 1,
        counts: true,
        billed: true,
    }));
    let segment = SegmentId(bench.random.uuid(at));
    bench.accept_usage(&[Part { segment, replica: Uuid::nil(), from: 0, to: 1 }], batch).await.unwrap();
}

fn to(plan: &str) -> ChangePlan {
    ChangePlan { plan: plan.into(), at: None }
}

#[tokio::test]
async fn each_share_of_a_quota_is_told_once_in_a_period_to_those_who_manage_subscriptions() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let bench = &scene.bench;
        for (name, role) in [("bella", Role::Billing), ("dora", Role::Developer)] {
            let person = bench.person(name).await;
            let form = AssignMember { email: person.email, role };
            bench.assign_member(&bench.operator().await, scene.who.tenant_id(), &form).await.unwrap();
        }
        let grant = grant(&scene).await;
        calls(bench, &grant, 799).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 0);
        calls(bench, &grant, 1).await;
        let (one, other) = tokio::join!(bench.alert_quotas(), bench.alert_quotas());
        assert_eq!(one.unwrap() + other.unwrap(), 1, "two replicas that look at once tell once");
        assert_eq!(bench.alert_quotas().await.unwrap(), 0);
        let [told] = inbox(&scene, "quota").await.try_into().unwrap();
        assert_eq!((told.kind.as_str(), told.subject.as_str()), ("quota.80", "Shop: 80 % of the quota is used"));
        assert_eq!(
            told.text,
            "800 of the 1,000 calls that Pro includes are used.\n\nWhen all are used, calls are refused until 1 April 2026."
        );
        assert_eq!(told.link, Some(format!("/t/{}/subscriptions/{}", scene.who.tenant().slug, grant.subscription_id)));
        assert_eq!(scene.mails("80 % of the quota").await, 2, "the owner and billing");

        calls(bench, &grant, 200).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 1);
        calls(bench, &grant, 1).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 0);
        let told = inbox(&scene, "quota.100").await.remove(0);
        assert!(told.text.contains("All 1,000 calls") && told.text.contains("Calls are refused until 1 April 2026."), "{}", told.text);

        scene.pass(TimeDelta::days(31)).await;
        let next = bench.gateway_grant(&grant.client_id).await.unwrap().unwrap();
        assert!(next.quota_period_start > grant.quota_period_start);
        calls(bench, &next, 1_001).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 2, "a period of its own; both shares at once");
        assert_eq!(scene.mails("of the quota is used").await, 8);
    })
    .await;
}

#[tokio::test]
async fn another_plan_is_told_anew_and_one_without_a_quota_never() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let (bench, operator) = (&scene.bench, scene.bench.operator().await);
        for (code, included, overage) in
            [("over", 500, json!({"amount": 40, "currency": "EUR"})), ("none", 0, json!(null)), ("large", 9_000, json!(null))]
        {
            let plan: CreatePlan = serde_json::from_value(json!({
                "code": code, "name": code, "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "included_requests": included,
                "overage_price_per_1000": overage, "rate_per_second": 10, "burst": 10, "max_applications": 2
            }))
            .unwrap();
            bench.create_plan(&operator, "shop", &plan).await.unwrap();
        }
        let grant = grant(&scene).await;
        let who = scene.who.also::<ManageSubscriptions>().unwrap();
        let change = async |plan: &str| bench.change_plan(&who, grant.subscription_id, &to(plan)).await.unwrap();
        calls(bench, &grant, 600).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 0);
        change("over").await;
        let period = bench.gateway_grant(&grant.client_id).await.unwrap().unwrap();
        calls(bench, &period, if period.used == 0 { 600 } else { 1 }).await;
        assert_eq!(bench.alert_quotas().await.unwrap(), 2, "what was used is more than the smaller plan includes");
        let told = inbox(&scene, "quota.100").await.remove(0);
        assert!(told.text.contains("Further calls are charged: €0.40 for each 1,000"), "{}", told.text);
        for plan in ["large", "none"] {
            change(plan).await;
            calls(bench, &bench.gateway_grant(&grant.client_id).await.unwrap().unwrap(), 10).await;
            assert_eq!(bench.alert_quotas().await.unwrap(), 0, "{plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn everybody_reads_for_themselves_and_strangers_find_nothing() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let bench = &scene.bench;
        let colleague = bench.person("bella").await;
        let form = AssignMember { email: colleague.email.clone(), role: Role::Viewer };
        bench.assign_member(&bench.operator().await, scene.who.tenant_id(), &form).await.unwrap();
        let colleague = bench.permit::<ViewTenant>(&colleague, scene.who.tenant_id()).await.unwrap();
        let grant = grant(&scene).await;
        calls(bench, &grant, 1_000).await;
        bench.alert_quotas().await.unwrap();
        let told = inbox(&scene, "quota").await;
        assert_eq!(told.len(), 2);
        let unread = async |who| bench.count_unread(&who).await.unwrap().unread;
        let before = unread(scene.viewer()).await;
        for _ in 0..2 {
            let read = bench.read_notification(&scene.viewer(), told[0].id).await.unwrap();
            assert!(read.read_at.is_some());
        }
        assert_eq!((unread(scene.viewer()).await, unread(colleague.clone()).await), (before - 1, before));
        let query = ListQuery { status: Some("unread".into()), ..ListQuery::default() };
        assert_eq!(bench.list_notifications(&scene.viewer(), &query).await.unwrap().total, before - 1);
        bench.read_all_notifications(&colleague).await.unwrap();
        assert_eq!((unread(scene.viewer()).await, unread(colleague.clone()).await), (before - 1, 0));

        let stranger = bench.owner::<ViewTenant>("sam").await;
        assert_eq!(bench.list_notifications(&stranger, &ListQuery::default()).await.unwrap().total, 0);
        assert_eq!(bench.read_notification(&stranger, told[1].id).await.unwrap_err().problem().status, 404);
        assert_eq!(unread(scene.viewer()).await, before - 1);
    })
    .await;
}
