//! Two replicas on one database: what must be the same whichever is asked.

use std::time::{Duration, Instant};

use mintreu_faults::{
    calls::Calling,
    company::{Caller, Company},
    platform::{Place, Platform, eventually},
};
use mintreu_testing::Redis;
use serde_json::json;

use crate::PROGRAM;

const SOON: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_admit_together_what_the_rate_of_an_application_allows() {
    const RATE: (u32, u32) = (100, 30);
    let redis = Redis::start().unwrap();
    let place = Place { redis: Some(redis.url()), ..Place::on(PROGRAM, true).await };
    let first = Platform::start_at(place).await;
    let second = first.replica().await;
    let company = Company::limited(&first, 1_000_000, RATE).await;
    let (_, caller) = company.application(&first, "Store").await;
    for platform in [&first, &second] {
        eventually("rates are shared", async || platform.metric("mintreu_gateway_rates_shared").await == 1).await;
        eventually("each knows of both", async || platform.metric("mintreu_gateway_rates_replicas").await == 2).await;
    }
    let calling = Calling::start(&[caller.clone(), caller.at(&second).await], 2);
    calling.lasts(Duration::from_secs(4)).await;
    let calls = calling.stop().await;
    let (admitted, allowed) = (calls.with(200), calls.allowed(RATE));
    let lost = first.metric("mintreu_gateway_rates_share_lost_total").await + second.metric("mintreu_gateway_rates_share_lost_total").await;
    assert_eq!(admitted + calls.with(429), calls.calls.len());
    let ratio = f64::from(u32::try_from(admitted).unwrap()) / allowed;
    assert!(
        (0.9..=if lost == 0 { 1.0 } else { 1.1 }).contains(&ratio),
        "{admitted} admitted, {allowed} allowed, {lost} answers of Redis missing"
    );

    let doctor = || String::from_utf8(first.place.run(&["doctor"], "").stderr).unwrap();
    eventually("the doctor is content", async || doctor().contains("ok     rates: replicas share them by Redis")).await;
    drop(redis);
    let said = doctor();
    assert!(said.contains("WRONG  rates: Redis cannot be asked"), "{said}");
    mintreu_testing::tally("postgres");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_of_2000_under_10000_attempts_at_two_replicas_admits_exactly_2000() {
    let first = Platform::start(PROGRAM, true).await;
    let second = first.replica().await;
    let company = Company::open(&first, 2_000, "none", false).await;
    let (_, caller) = company.application(&first, "Store").await;
    let calls = Calling::of(&[caller.clone(), caller.at(&second).await], 25, 200).end().await;
    assert_eq!(calls.with(200), 2_000);
    // On a machine that is short of time a lease may come too late: those calls are told to come again.
    assert_eq!(calls.with(429) + calls.with(503), 8_000, "{:?}", calls.statuses());
    assert!(calls.with(429) > 7_000, "{} of 8000 are told that the quota is used up", calls.with(429));
    mintreu_testing::tally("postgres");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_replica_bites_at_the_other_within_half_a_second() {
    let first = Platform::start(PROGRAM, true).await;
    let second = first.replica().await;
    let company = Company::open(&first, 1_000_000, "none", false).await;
    let (path, caller) = company.application(&first, "Store").await;
    let elsewhere = caller.at(&second).await;
    let bites = async |caller: &Caller, expected: (u16, &str)| {
        let began = Instant::now();
        while caller.code("/v1/echo/x").await != (expected.0, expected.1.to_owned()) {
            assert!(began.elapsed() < SOON, "{expected:?} within {SOON:?}, but {:?}", caller.code("/v1/echo/x").await);
        }
    };
    bites(&elsewhere, (200, "")).await;
    company.owner.post(&format!("{path}/suspend"), json!({})).await.expect(200);
    bites(&elsewhere, (403, "application_suspended")).await;
    company.owner.post(&format!("{path}/resume"), json!({})).await.expect(200);
    bites(&elsewhere, (200, "")).await;

    for number in 0..10 {
        let fresh = company.owner.post(&format!("{path}/keys"), json!({"name": format!("key {number}")})).await.expect(201);
        let text = |name: &str| fresh[name].as_str().unwrap().to_owned();
        let key = Caller { id: text("client_id"), secret: text("client_secret"), ..elsewhere.clone() };
        // The other replica loads the key while it is revoked here.
        let calling = Calling::start(&[key], 8);
        company.owner.delete(&format!("{path}/keys/{}", text("id"))).await.expect(204);
        let revoked = Instant::now();
        calling.lasts(SOON + Duration::from_millis(100)).await;
        let calls = calling.stop().await;
        let late: Vec<_> = calls.calls.iter().filter(|call| call.began > revoked + SOON).collect();
        assert!(!late.is_empty() && late.iter().all(|call| call.status == 401), "key {number}: {late:?}");
    }

    bites(&elsewhere, (200, "")).await;
    let cancel = format!("{}/subscriptions/{}/cancel", company.tenant, company.subscription);
    company.owner.post(&cancel, json!({"at": "now"})).await.expect(200);
    bites(&elsewhere, (403, "subscription_inactive")).await;
    mintreu_testing::tally("postgres");
}
