//! Redis dies or freezes while two replicas share a rate by it, and comes back.

use std::time::{Duration, Instant};

use mintreu_faults::{
    calls::Calling,
    company::Company,
    platform::{Place, Platform, eventually},
};
use mintreu_testing::Redis;

use crate::PROGRAM;

const RATE: (u32, u32) = (200, 40);
const WHILE: Duration = Duration::from_secs(3);
/// By then every call under way has heard that there is no answer.
const NOTICED: Duration = Duration::from_millis(100);
/// What a call may take longer without Redis.
const MORE: Duration = Duration::from_millis(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_dead_or_frozen_the_rate_holds_and_nobody_notices() {
    let mut redis = Redis::start().unwrap();
    let place = Place { redis: Some(redis.url()), ..Place::on(PROGRAM, true).await };
    let first = Platform::start_at(place).await;
    let second = first.replica().await;
    let both = [&first, &second];
    let company = Company::limited(&first, 1_000_000, RATE).await;
    let (_, caller) = company.application(&first, "Store").await;
    let all_say = async |name: &str, number: u64| {
        for platform in both {
            eventually(name, async || platform.metric(&format!("mintreu_gateway_{name}")).await == number).await;
        }
    };
    all_say("rates_replicas", 2).await;
    all_say("rates_shared", 1).await;

    let began = Instant::now();
    let calling = Calling::start(&[caller.clone(), caller.at(&second).await], 2);
    calling.lasts(WHILE).await;
    let died = Instant::now();
    redis.crash().unwrap();
    calling.lasts(WHILE).await;
    all_say("rates_shared", 0).await;
    let back = Instant::now();
    redis.start_again().unwrap();
    all_say("rates_shared", 1).await;
    calling.lasts(WHILE).await;
    let froze = Instant::now();
    redis.freeze().unwrap();
    calling.lasts(WHILE).await;
    all_say("rates_shared", 0).await;
    let thawed = Instant::now();
    redis.thaw().unwrap();
    all_say("rates_shared", 1).await;
    calling.lasts(WHILE).await;
    let calls = calling.stop().await;

    let (admitted, allowed) = (calls.with(200), calls.allowed(RATE));
    let usual = calls.median(began, died);
    let dead = calls.median(died + NOTICED, back);
    let frozen = calls.median(froze + NOTICED, thawed);
    assert_eq!(admitted + calls.with(429), calls.calls.len(), "nothing but admissions and refusals");
    let ratio = f64::from(u32::try_from(admitted).unwrap()) / allowed;
    assert!((0.8..=1.1).contains(&ratio), "{admitted} admitted, {allowed} allowed");
    assert!(dead < usual + MORE && frozen < usual + MORE, "median {usual:?}, dead {dead:?}, frozen {frozen:?}");
    mintreu_testing::tally("postgres");
}
