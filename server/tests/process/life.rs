//! The life of the process: starting, a second one, stopping, dying.

use mintreu_faults::{
    company::{Company, request_application, settled},
    platform::{Place, Platform, eventually},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{PROGRAM, on_both};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_program_on_the_same_sqlite_directory_is_refused_with_a_sentence() {
    let mut platform = Platform::start(PROGRAM, false).await;
    let elsewhere = Place { url: Place::on(PROGRAM, false).await.url, ..platform.place.clone() };
    let second = elsewhere.run(&["serve"], "");
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("Another mintreu is running"));
    assert_eq!(platform.stop().await, Some(0));
}

#[tokio::test]
async fn nonsense_in_the_configuration_is_one_sentence_that_names_the_key() {
    let place = Place::on(PROGRAM, false).await;
    let refused = place.command(&["doctor"]).env("MINTREU_GRANT_CACHE", "many").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!((refused.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("MINTREU_GRANT_CACHE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provisioning_goes_on_after_kill_9_and_after_the_service_was_away() {
    on_both(async |mut platform| {
        let company = Company::open(&platform, 1000, "dedicated", true).await;
        company.echo.away.store(true, Ordering::SeqCst);
        let (path, caller) = request_application(&platform, &company.owner, &company.tenant, "Store").await;
        assert_eq!(caller.code("/v1/echo/x").await, (403, "application_not_active".to_owned()));
        platform.crash_and_restart().await;
        company.echo.away.store(false, Ordering::SeqCst);
        settled(&company.owner, &path, "active").await;
        assert_eq!(caller.status("/v1/echo/x").await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_larger_plan_and_an_allowed_origin_hold_within_half_a_second() {
    on_both(async |platform| {
        let company = Company::open(&platform, 1000, "none", false).await;
        let (path, caller) = company.application(&platform, "Store").await;
        let change = async |path: &str, change: Value| company.owner.send(Method::PATCH, path, Some(change)).await.expect(200);
        let plan = json!({"code": "small", "name": "Small", "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "included_requests": 1000,
            "rate_per_second": 1000, "burst": 1000, "max_applications": 5, "max_request_bytes": 10, "max_response_bytes": 1000});
        platform.admin.post("/admin/products/echo/plans", plan).await.expect(201);
        let subscription = format!("{}/subscriptions/{}", company.tenant, company.subscription);
        let upload = async || {
            let request = caller.client.post(format!("{}/v1/echo/upload", caller.url)).basic_auth(&caller.id, Some(&caller.secret));
            request.body("more than ten bytes").send().await.unwrap().status().as_u16()
        };
        for (plan, taken, given) in [("small", 413, 502), ("free", 200, 200)] {
            change(&subscription, json!({"plan": plan, "at": "now"})).await;
            let began = Instant::now();
            eventually("the plan's bounds", async || upload().await == taken).await;
            assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
            let long = format!("/v1/echo/{}", "x".repeat(1_000));
            assert_eq!(caller.status(&long).await, given);
        }
        change(&path, json!({"allowed_origins": ["https://shop.example"]})).await;
        let began = Instant::now();
        let preflight = async || {
            let request = caller.client.request(Method::OPTIONS, format!("{}/v1/echo/x", caller.url));
            let request = request.header("origin", "https://shop.example").header("access-control-request-method", "GET");
            request.send().await.unwrap()
        };
        eventually("the answer to a preflight", async || preflight().await.status() == 204).await;
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        assert_eq!(preflight().await.headers()["access-control-allow-methods"], "GET, HEAD, POST");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_of_the_last_moment_is_handed_over_at_sigterm() {
    let mut platform = Platform::start(PROGRAM, false).await;
    let company = Company::open(&platform, 1000, "none", false).await;
    let (_, caller) = company.application(&platform, "Store").await;
    for _ in 0..7 {
        assert_eq!(caller.status("/v1/echo/x").await, 200);
    }
    assert_eq!(platform.stop().await, Some(0));
    platform.crash_and_restart().await;
    let subscription = company.owner.get(&format!("{}/subscriptions/{}", company.tenant, company.subscription)).await.expect(200);
    assert_eq!(subscription["quota"]["used"], 7);
}
