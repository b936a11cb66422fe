//! Ninety days of traffic with a weekly rhythm, a slow growth and one bad day, written as hourly
//! sums for the last two weeks and daily sums before.

use chrono::{DateTime, Datelike as _, Days, DurationRound as _, TimeDelta, Timelike as _, Utc};
use mintreu_control::{Control, Operator, clock::Random, usage};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};

use crate::Failure;

const DAYS: u64 = 90;
const HOURLY_DAYS: u64 = 14;
/// Route, share of the calls in thousandths, typical latency in microseconds.
const ROUTES: &[(&str, u64, i64)] = &[
    ("/v1/products", 520, 18_000),
    ("/v1/products/{sku}", 250, 9_000),
    ("/v1/orders", 160, 41_000),
    ("/v1/carts/{cart}/items", 70, 26_000),
];
/// Status and share in thousandths.
const STATUSES: &[(i64, u64)] = &[(200, 930), (201, 30), (404, 22), (422, 11), (500, 7)];
/// Shares of the hours of a day, in thousandths, in UTC.
const HOURS: [u64; 24] = [12, 9, 7, 6, 7, 11, 20, 34, 48, 58, 62, 63, 60, 57, 58, 60, 63, 66, 69, 70, 62, 46, 32, 20];
/// Latency as a multiple of the typical one in hundredths, with its share in thousandths.
const SPREAD: &[(i64, u64)] = &[(60, 250), (100, 450), (160, 220), (320, 70), (900, 10)];

struct Traffic<'a> {
    life: &'a Life,
    random: &'a Random,
    rows: Vec<usage::Rollup>,
}

/// An application with the traffic that it had.
pub(super) struct Life {
    pub(super) application: ApplicationId,
    pub(super) key: ApiKeyId,
    pub(super) since: DateTime<Utc>,
    /// Requests on an ordinary weekday.
    pub(super) daily: u64,
}

pub(super) async fn write(control: &Control, operator: &Operator, lives: &[Life]) -> Result<(), Failure> {
    let random = Random::seeded(7);
    let now = control.clock.now();
    for life in lives.iter().filter(|life| life.daily > 0) {
        let mut traffic = Traffic { life, random: &random, rows: Vec::new() };
        traffic.draw(now);
        control.import_usage(operator, &traffic.rows).await?;
    }
    Ok(())
}

impl Traffic<'_> {
    fn draw(&mut self, now: DateTime<Utc>) {
        let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
        for age in (0..DAYS).rev() {
            let Some(day) = today.checked_sub_days(Days::new(age)) else { continue };
            if day + TimeDelta::days(1) <= self.life.since {
                continue;
            }
            let rhythm = match day.weekday() {
                chrono::Weekday::Sat => 128,
                chrono::Weekday::Sun => 141,
                chrono::Weekday::Fri => 108,
                _ => 92 + self.random.below(12),
            };
            // Growth of half a percent a day towards today.
            let calls = self.life.daily * rhythm * (1000 - age.min(DAYS) * 5) / 100_000;
            let bad = age == 5;
            if age < HOURLY_DAYS {
                self.hours(day, calls, now, bad);
            } else {
                self.split(UsageStep::Day, day, calls, bad);
            }
        }
    }

    fn hours(&mut self, day: DateTime<Utc>, calls: u64, now: DateTime<Utc>, bad: bool) {
        let mut total = 0;
        for (hour, share) in (0_u32..).zip(HOURS) {
            let start = day + TimeDelta::hours(i64::from(hour));
            if start + TimeDelta::hours(1) > now {
                break;
            }
            let part = calls * share * (90 + self.random.below(20)) / 100_000;
            self.split(UsageStep::Hour, start, part, bad && start.hour() == 14);
            total += part;
        }
        self.split(UsageStep::Day, day, total, bad);
    }

    /// Spreads calls over routes, statuses and latencies.
    fn split(&mut self, step: UsageStep, start: DateTime<Utc>, calls: u64, bad: bool) {
        for (route, share, typical) in ROUTES {
            for (status, portion) in STATUSES {
                if (*status == 201) != (*route == "/v1/orders") && matches!(status, 200 | 201) && *route == "/v1/orders" {
                    continue;
                }
                let portion = match status {
                    201 if *route != "/v1/orders" => continue,
                    201 => 930,
                    500 if bad => 90,
                    _ => *portion,
                };
                let here = calls * share * portion / 1_000_000;
                self.latencies(step, start, route, *status, if bad { typical * 3 } else { *typical }, here);
            }
        }
    }

    fn latencies(&mut self, step: UsageStep, start: DateTime<Utc>, route: &str, status: i64, typical: i64, calls: u64) {
        let mut left = calls;
        for (index, (multiple, share)) in SPREAD.iter().enumerate() {
            let here = if index == 1 { 0 } else { calls * share / 1000 };
            left -= here;
            self.row(step, start, route, status, typical * multiple / 100, here);
        }
        self.row(step, start, route, status, typical, left);
    }

    fn row(&mut self, step: UsageStep, start: DateTime<Utc>, route: &str, status: i64, latency_us: i64, calls: u64) {
        let requests = i64::try_from(calls).unwrap_or(0);
        if requests == 0 {
            return;
        }
        self.rows.push(usage::Rollup {
            step,
            start,
            application_id: self.life.application,
            key_id: self.life.key,
            route: route.to_owned(),
            status,
            latency_us,
            requests,
            bytes_in: requests * 310,
            bytes_out: requests * 2_150,
        });
    }
}
