//! 50 000 calls at two replicas of which a quota allows 10 000, while Redis, by which they share a
//! rate that is no hindrance, is killed and comes back. Exactly the quota is admitted, and nobody
//! gets a 5xx.

use std::time::Duration;

use mintreu_faults::{
    calls::Calling,
    company::Company,
    platform::{Place, Platform, eventually},
};
use mintreu_testing::Redis;

use crate::{Wish, report::Report};

const QUOTA: usize = 10_000;
const LANES: usize = 50;
const EACH: usize = 500;

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let mut report = Report::default();
    for _ in 0..wish.rounds(2, 10) {
        round(wish, &mut report).await;
    }
    report
}

async fn round(wish: &Wish<'_>, report: &mut Report) {
    let mut redis = Redis::start().unwrap();
    let place = Place { redis: Some(redis.url()), quiet: wish.quiet, ..Place::on(wish.program, true).await };
    let first = Platform::start_at(place).await;
    let second = first.replica().await;
    let company = Company::open(&first, QUOTA as u64, "none", false).await;
    let (_, caller) = company.application(&first, "Store").await;
    for platform in [&first, &second] {
        eventually("rates are shared", async || platform.metric("mintreu_gateway_rates_shared").await == 1).await;
    }
    let calling = Calling::of(&[caller.clone(), caller.at(&second).await], LANES, EACH);
    calling.lasts(Duration::from_millis(fastrand::u64(100..1_000))).await;
    redis.crash().unwrap();
    calling.lasts(Duration::from_millis(500)).await;
    redis.start_again().unwrap();
    let calls = calling.end().await;
    let (admitted, refused) = (calls.with(200), calls.with(429));
    report.round("Redis", if admitted == QUOTA { "exact" } else { "inexact" }, calls.lasted);
    let others: Vec<_> = calls.calls.iter().filter(|call| ![200, 429].contains(&call.status)).collect();
    report.demand(admitted == QUOTA && others.is_empty(), || {
        let slowest = others.iter().map(|call| call.took).max();
        format!("{admitted} admitted, {refused} refused, {} others, as {:?}; the slowest took {slowest:?}", others.len(), others.first())
    });
}
