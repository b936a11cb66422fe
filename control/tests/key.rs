//! Keys, and what the gateway is told of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use chrono::TimeDelta;
use mintreu_control::{
    Error, Permitted,
    access::{ManageKeys, ViewTenant},
    store::{Change, Db},
};
use mintreu_control_testing::{Bench, on_both, service};
use mintreu_model::{
    credential::{client_id_is_wellformed, secret_is_wellformed},
    form::application::{CreateKey, Provision, RotateKey},
    id::ApplicationId,
    list::ListQuery,
    status::{ApplicationStatus, DatabaseMode, KeyStatus, SubscriptionStatus, TenantStatus},
    view::KeyCreated,
};
use sha2::{Digest, Sha256};

fn code(error: &Error) -> String {
    error.problem().code
}

fn named(name: &str) -> CreateKey {
    CreateKey { name: name.into(), scopes: Vec::new(), expires_at: None, allowed_ips: Vec::new() }
}

/// An application without database and lifecycle, ready, with its first key.
async fn application(bench: &Bench) -> (Permitted<ManageKeys>, ApplicationId, KeyCreated) {
    service::product(bench, "shop", "http://127.0.0.1:1", DatabaseMode::None, false).await;
    let who: Permitted<ManageKeys> = bench.owner("ines").await;
    service::subscription(bench, &who, "shop").await;
    let form = Provision { product: "shop".into(), name: "Store".into(), config: serde_json::Map::default() };
    let created = bench.provision(&who.also().unwrap(), &form).await.unwrap();
    bench.run_due_jobs().await.unwrap();
    (who, created.id, created.key)
}

/// Where replicas share a database.
#[tokio::test]
async fn another_replica_hears_of_a_change_when_it_is_committed() {
    on_both(async |bench| {
        if bench.db.engine() != "postgres" {
            return;
        }
        let (who, application, _) = application(&bench).await;
        let replica = Db::open(&bench.url).await.unwrap();
        // It would not look by itself before the test is over.
        let mut changes = replica.changes(Duration::from_hours(1)).await.unwrap();
        // Nothing to begin with, and nothing missed until it listens.
        assert_eq!([changes.next().await.unwrap(), changes.next().await.unwrap()], [None, None]);
        let created = bench.create_key(&who, application, &named("Reader")).await.unwrap();
        let heard = async { while changes.next().await.unwrap() != Some(Change::Key(created.id)) {} };
        tokio::time::timeout(Duration::from_secs(20), heard).await.expect("a notification");
        drop(changes);
        replica.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_key_is_told_to_the_gateway_with_all_that_it_may_do() {
    on_both(async |bench| {
        let (who, application, first) = application(&bench).await;
        assert!(client_id_is_wellformed(&first.client_id) && secret_is_wellformed(&first.client_secret));
        let mut changes = bench.changes().await;
        let form = CreateKey {
            scopes: vec!["GET /v1/orders/{id}".parse().unwrap()],
            allowed_ips: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at: Some(bench.clock.now() + TimeDelta::days(90)),
            ..named("Reader")
        };
        let created = bench.create_key(&who, application, &form).await.unwrap();
        assert_eq!(changes.next().await.unwrap(), Some(Change::Key(created.id)));
        bench
            .sql("INSERT INTO quota_usage (subscription_id, period_start, used) SELECT id, quota_period_start, 41 FROM subscriptions")
            .await;
        let grant = bench.gateway_grant(&created.client_id).await.unwrap().unwrap();
        assert_eq!((grant.key_id, grant.application_id, grant.tenant_id), (created.id, application, who.tenant_id()));
        assert_eq!(grant.secret_sha256.as_slice(), Sha256::digest(&created.client_secret).as_slice());
        assert_eq!((grant.key_expires_at, grant.key_revoked), (form.expires_at, false));
        assert_eq!((grant.scopes, grant.allowed_ips), (form.scopes.clone(), form.allowed_ips.clone()));
        assert_eq!((grant.product_slug.as_str(), grant.plan_code.as_str()), ("shop", "pro"));
        assert_eq!(grant.application_status, ApplicationStatus::Active);
        assert_eq!((grant.tenant_status, grant.subscription_status), (TenantStatus::Active, SubscriptionStatus::Active));
        assert_eq!((grant.rate_per_second, grant.burst), (10, 20));
        assert_eq!((grant.max_request_bytes, grant.max_response_bytes), (None, None));
        bench.sql("UPDATE plan_versions SET max_request_bytes = 1000, max_response_bytes = 5000").await;
        let bounded = bench.gateway_grant(&created.client_id).await.unwrap().unwrap();
        assert_eq!((bounded.max_request_bytes, bounded.max_response_bytes), (Some(1_000), Some(5_000)));
        assert_eq!((grant.included_requests, grant.used, grant.hard_stop), (1_000, 41, true));
        assert_eq!(grant.quota_period_end - grant.quota_period_start, TimeDelta::days(31), "March");
        assert!(grant.database_url.is_none());
        assert!(bench.gateway_grant("mci_00000000000000000000000000").await.unwrap().is_none());
        let stored = bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM api_keys WHERE LENGTH(secret_hash) = 32").await;
        assert_eq!(stored, 2);
    })
    .await;
}

#[tokio::test]
async fn a_rotated_key_lives_through_the_grace_beside_the_new_one() {
    on_both(async |bench| {
        let (who, application, first) = application(&bench).await;
        let viewer: Permitted<ViewTenant> = who.also().unwrap();
        let status = async |id| bench.get_key(&viewer, application, id).await.unwrap().status;
        let second = bench.rotate_key(&who, application, first.id, &RotateKey { grace_seconds: 3_600 }).await.unwrap();
        assert_ne!((second.id, &second.client_id), (first.id, &first.client_id));
        assert_eq!((status(first.id).await, status(second.id).await), (KeyStatus::Expiring, KeyStatus::Active));
        assert_eq!(bench.get_key(&viewer, application, second.id).await.unwrap().name, "First key");
        bench.advance(TimeDelta::hours(1));
        assert_eq!(status(first.id).await, KeyStatus::Expired);
        let late = bench.rotate_key(&who, application, first.id, &RotateKey { grace_seconds: 60 }).await.unwrap_err();
        assert_eq!(code(&late), "key_not_live");
        let mut changes = bench.changes().await;
        let third = bench.rotate_key(&who, application, second.id, &RotateKey { grace_seconds: 0 }).await.unwrap();
        let told = [changes.next().await.unwrap().unwrap(), changes.next().await.unwrap().unwrap()];
        assert!(told.contains(&Change::Key(second.id)) && told.contains(&Change::Key(third.id)));
        assert_eq!(status(second.id).await, KeyStatus::Revoked);
        assert!(bench.gateway_grant(&second.client_id).await.unwrap().unwrap().key_revoked);
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_is_told_at_once_and_stays_listed() {
    on_both(async |bench| {
        let (who, application, first) = application(&bench).await;
        let viewer: Permitted<ViewTenant> = who.also().unwrap();
        bench.create_key(&who, application, &named("Zebra")).await.unwrap();
        bench.revoke_key(&who, application, first.id).await.unwrap();
        bench.revoke_key(&who, application, first.id).await.unwrap();
        assert!(bench.gateway_grant(&first.client_id).await.unwrap().unwrap().key_revoked);
        let query =
            |status: Option<&str>| ListQuery { status: status.map(str::to_owned), sort: Some("-name".into()), ..Default::default() };
        let names = async |status| {
            let keys = bench.list_keys(&viewer, application, &query(status)).await.unwrap();
            keys.data.into_iter().map(|key| key.name).collect::<Vec<_>>()
        };
        assert_eq!(names(None).await, ["Zebra", "First key"]);
        assert_eq!(names(Some("revoked")).await, ["First key"]);
        assert_eq!(names(Some("active")).await, ["Zebra"]);
    })
    .await;
}

#[tokio::test]
async fn keys_of_another_tenant_are_not_there() {
    on_both(async |bench| {
        let (_, application, first) = application(&bench).await;
        let mallory: Permitted<ManageKeys> = bench.owner("mallory").await;
        let viewer: Permitted<ViewTenant> = mallory.also().unwrap();
        assert_eq!(code(&bench.create_key(&mallory, application, &named("Mine")).await.unwrap_err()), "not_found");
        assert_eq!(code(&bench.list_keys(&viewer, application, &ListQuery::default()).await.unwrap_err()), "not_found");
        assert_eq!(code(&bench.get_key(&viewer, application, first.id).await.unwrap_err()), "not_found");
        let rotated = bench.rotate_key(&mallory, application, first.id, &RotateKey { grace_seconds: 0 }).await;
        assert_eq!(code(&rotated.unwrap_err()), "not_found");
        assert_eq!(code(&bench.revoke_key(&mallory, application, first.id).await.unwrap_err()), "not_found");
        assert!(!bench.gateway_grant(&first.client_id).await.unwrap().unwrap().key_revoked);
    })
    .await;
}

#[tokio::test]
async fn an_application_has_a_hundred_live_keys_at_most() {
    on_both(async |bench| {
        let (who, application, first) = application(&bench).await;
        for n in 1..100 {
            bench.create_key(&who, application, &named(&format!("Key {n}"))).await.unwrap();
        }
        assert_eq!(code(&bench.create_key(&who, application, &named("One more")).await.unwrap_err()), "too_many_keys");
        bench.revoke_key(&who, application, first.id).await.unwrap();
        bench.create_key(&who, application, &named("One more")).await.unwrap();
        let past = CreateKey { expires_at: Some(bench.clock.now()), ..named("Past") };
        assert_eq!(code(&bench.create_key(&who, application, &past).await.unwrap_err()), "invalid");
    })
    .await;
}

#[tokio::test]
async fn the_last_use_only_moves_forward() {
    on_both(async |bench| {
        let (who, application, first) = application(&bench).await;
        let now = bench.clock.now();
        bench.touch_keys(&[(first.id, now), (first.id, now - TimeDelta::hours(1))]).await.unwrap();
        bench.touch_keys(&[(first.id, now - TimeDelta::hours(2))]).await.unwrap();
        bench.touch_keys(&[]).await.unwrap();
        let key = bench.get_key(&who.also().unwrap(), application, first.id).await.unwrap();
        assert_eq!(key.last_used_at, Some(now));
    })
    .await;
}
