//! What must come out to the unit: quotas, usage, and how soon a change bites.

use mintreu_faults::{company::Company, platform::eventually};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::on_both;

const SOON: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_of_500_under_50_connections_admits_exactly_500() {
    on_both(async |platform| {
        let company = Company::open(&platform, 500, "none", false).await;
        let (_, caller) = company.application(&platform, "Store").await;
        let lanes = (0..50).map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move {
                let mut admitted = 0;
                for _ in 0..16 {
                    match caller.status("/v1/echo/x").await {
                        200 => admitted += 1,
                        429 => {}
                        other => panic!("{other}"),
                    }
                }
                admitted
            })
        });
        let admitted: u32 = join_all(lanes).await.into_iter().map(Result::unwrap).sum();
        assert_eq!(admitted, 500);
        assert_eq!(caller.code("/v1/echo/x").await, (429, "quota_exhausted".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_show_as_exactly_a_thousand() {
    on_both(async |platform| {
        let company = Company::open(&platform, 1_000_000, "none", false).await;
        let (path, caller) = company.application(&platform, "Store").await;
        let lanes = (0..20).map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    assert_eq!(caller.status("/v1/echo/x").await, 200);
                }
            })
        });
        for lane in join_all(lanes).await {
            lane.unwrap();
        }
        let shown = async || {
            let usage = company.owner.get(&format!("{path}/usage?step=minute")).await.expect(200);
            usage["data"].as_array().unwrap().iter().map(|point| point["requests"].as_i64().unwrap()).sum::<i64>()
        };
        eventually("all calls are counted", async || shown().await >= 1000).await;
        assert_eq!(shown().await, 1000);
        let subscription = company.owner.get(&format!("{}/subscriptions/{}", company.tenant, company.subscription)).await.expect(200);
        assert_eq!(subscription["quota"]["used"], 1000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_bites_within_half_a_second() {
    on_both(async |platform| {
        let company = Company::open(&platform, 1_000_000, "none", false).await;
        let (path, caller) = company.application(&platform, "Store").await;
        let bites = async |expected: (u16, &str)| {
            let began = Instant::now();
            while caller.code("/v1/echo/x").await != (expected.0, expected.1.to_owned()) {
                assert!(began.elapsed() < SOON, "{expected:?} within {SOON:?}, but {:?}", caller.code("/v1/echo/x").await);
            }
        };
        bites((200, "")).await;
        let tenant_id = company.tenant.trim_start_matches("/tenants/");
        platform.admin.post(&format!("/admin/tenants/{tenant_id}/suspend"), json!({"reason": "not paid"})).await.expect(200);
        bites((403, "tenant_suspended")).await;
        platform.admin.post(&format!("/admin/tenants/{tenant_id}/resume"), json!({})).await.expect(200);
        bites((200, "")).await;

        company.owner.post(&format!("{path}/suspend"), json!({})).await.expect(200);
        bites((403, "application_suspended")).await;
        company.owner.post(&format!("{path}/resume"), json!({})).await.expect(200);
        bites((200, "")).await;

        let routes = json!({"routes": [{"methods": ["GET"], "path": "/v2/only"}]});
        platform.admin.send(reqwest::Method::PATCH, "/admin/services/echo-service", Some(routes)).await.expect(200);
        bites((404, "route_unknown")).await;
        let routes = json!({"routes": [{"methods": ["GET"], "path": "/v1/echo/{*rest}"}]});
        platform.admin.send(reqwest::Method::PATCH, "/admin/services/echo-service", Some(routes)).await.expect(200);
        bites((200, "")).await;

        let keys = company.owner.get(&format!("{path}/keys")).await.expect(200);
        let key = keys["data"][0]["id"].as_str().unwrap();
        company.owner.delete(&format!("{path}/keys/{key}")).await.expect(204);
        bites((401, "credentials_invalid")).await;

        let fresh = company.owner.post(&format!("{path}/keys"), json!({"name": "second"})).await.expect(201);
        let second = mintreu_faults::company::Caller {
            id: fresh["client_id"].as_str().unwrap().to_owned(),
            secret: fresh["client_secret"].as_str().unwrap().to_owned(),
            ..caller.clone()
        };
        assert_eq!(second.status("/v1/echo/x").await, 200);
        let cancel = format!("{}/subscriptions/{}/cancel", company.tenant, company.subscription);
        company.owner.post(&cancel, json!({"at": "now"})).await.expect(200);
        let began = Instant::now();
        while second.status("/v1/echo/x").await != 403 {
            assert!(began.elapsed() < SOON, "a cancelled subscription is refused within {SOON:?}");
        }
    })
    .await;
}
