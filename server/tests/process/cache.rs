//! Answers that are kept at the gateway: switched on by an operator, for each application apart,
//! billed like any other.

use std::sync::atomic::Ordering;

use mintreu_faults::{company::Company, platform::eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;

const KEPT: &str = "/v1/echo/kept/a";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_kept_where_an_operator_switches_it_on() {
    on_both(async |platform| {
        let company = Company::open(&platform, 1_000, "none", false).await;
        let (path, store) = company.application(&platform, "Store").await;
        let (_, till) = company.application(&platform, "Till").await;
        let asked = || company.echo.answered.load(Ordering::SeqCst);

        for expected in 1..=2 {
            let answer = store.call(KEPT).await;
            assert!(!answer.headers().contains_key("cache-status"));
            assert_eq!((answer.status().as_u16(), asked()), (200, expected));
        }

        let product = platform.admin.get("/admin/products/echo").await.expect(200);
        assert_eq!(product["cache_responses"], false);
        let changed = platform.admin.send(Method::PATCH, "/admin/products/echo", Some(json!({"cache_responses": true}))).await.expect(200);
        assert_eq!(changed["cache_responses"], true);
        eventually("the change reaches the gateway", async || store.call(KEPT).await.headers().contains_key("cache-status")).await;

        let before = asked();
        let hit = store.call(KEPT).await;
        assert!(hit.headers()["cache-status"].to_str().unwrap().contains("hit"), "{:?}", hit.headers());
        let told: Value = hit.json().await.unwrap();
        assert_eq!(asked(), before, "the service was not asked");
        let other: Value = till.call(KEPT).await.json().await.unwrap();
        assert_eq!(asked(), before + 1, "another application asks for itself");
        assert_ne!(told["application"], other["application"]);

        let write = store.client.post(format!("{}{KEPT}", store.url)).basic_auth(&store.id, Some(&store.secret));
        assert_eq!(write.send().await.unwrap().status().as_u16(), 200);
        let before = asked();
        assert_eq!(store.status(KEPT).await, 200);
        assert_eq!(asked(), before + 1, "a write drops what was kept");

        let answered = asked();
        for _ in 0..5 {
            assert_eq!(store.status(KEPT).await, 200);
        }
        assert_eq!(asked(), answered);
        let calls = async || {
            let usage = company.owner.get(&format!("{path}/usage?step=minute")).await.expect(200);
            usage["data"].as_array().unwrap().iter().map(|point| point["requests"].as_i64().unwrap()).sum::<i64>()
        };
        // What the store was asked is counted whether or not the service was.
        eventually("kept answers are counted", async || calls().await > i64::try_from(answered).unwrap()).await;
    })
    .await;
}
