//! When they are over, minutes are packed again, and become hours, and hours days. What is counted later
//! than that is added to the hour and the day as well (`accept.rs`); both look at the same marks, and one
//! waits for the other.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};

use super::{
    accept::{Bucket, Rows, Sums, add_rows},
    latency::Histogram,
    minute, sums,
};
use crate::{
    Control, Result,
    store::{Db, Tx, execute, read, within},
};

/// Calls of an hour that is over are still on their way for a while.
const GRACE: TimeDelta = TimeDelta::minutes(2);

/// Application, key, route, status, requests, bytes in, bytes out, latencies.
type Row = (ApplicationId, ApiKeyId, String, i64, i64, i64, i64, String);

/// Up to when hours, and days, are summed up, for a transaction that counts.
pub(super) async fn marks(tx: &mut Tx) -> Result<Vec<(UsageStep, DateTime<Utc>)>> {
    let sql = format!("SELECT step, until FROM usage_marks ORDER BY step {}", tx.for_share());
    let rows: Vec<(String, DateTime<Utc>)> = within!(tx, c => sqlx::query_as(&sql).fetch_all(c))?;
    Ok(rows.into_iter().filter_map(|(step, until)| Some((UsageStep::from_name(&step)?, until))).collect())
}

/// Up to when hours are summed up, and days.
pub(super) async fn read_marks(db: &Db) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    read!(db, c => sqlx::query_as(
        "SELECT (SELECT until FROM usage_marks WHERE step = 'hour'), (SELECT until FROM usage_marks WHERE step = 'day')").fetch_one(c))
}

impl Control {
    /// Sums up the minutes, hours and days that are over.
    pub(super) async fn roll_up_usage(&self) -> Result<()> {
        let over = self.clock.now() - GRACE;
        self.roll_up(UsageStep::Minute, over).await?;
        let hours = self.roll_up(UsageStep::Hour, over).await?;
        self.roll_up(UsageStep::Day, hours).await.map(drop)
    }

    /// One interval in each transaction. Gives up to when intervals are summed up.
    async fn roll_up(&self, to: UsageStep, until: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let first = match to {
            UsageStep::Minute | UsageStep::Hour => "SELECT MIN(start) FROM usage_minutes WHERE start >= $1 AND start < $2",
            UsageStep::Day => "SELECT MIN(start) FROM usage_rollups WHERE step = 'hour' AND start >= $1 AND start < $2",
        };
        let goal = to.floor(until);
        loop {
            let mut tx = self.db.begin().await?;
            let mark: DateTime<Utc> = within!(tx, c =>
                sqlx::query_scalar("UPDATE usage_marks SET until = until WHERE step = $1 RETURNING until").bind(to.as_str()).fetch_one(c))?;
            if mark >= goal {
                return Ok(mark);
            }
            let first: Option<DateTime<Utc>> = within!(tx, c => sqlx::query_scalar(first).bind(mark).bind(goal).fetch_one(c))?;
            let next = match first {
                Some(first) => {
                    let start = to.floor(first);
                    match to {
                        UsageStep::Minute => {
                            minute::pack_again(&mut tx, start).await?;
                            sums::pack_again(&mut tx, start).await?;
                        }
                        UsageStep::Hour => add_minutes_up(&mut tx, start).await?,
                        UsageStep::Day => add_hours_up(&mut tx, start).await?,
                    }
                    start + to.length()
                }
                None => goal,
            };
            execute!(tx, sqlx::query("UPDATE usage_marks SET until = $2 WHERE step = $1").bind(to.as_str()).bind(next))?;
            tx.commit().await?;
        }
    }
}

async fn add_minutes_up(tx: &mut Tx, hour: DateTime<Utc>) -> Result<()> {
    let mut hours = Rows::new();
    let starts: Vec<DateTime<Utc>> = within!(tx, c =>
        sqlx::query_scalar("SELECT DISTINCT start FROM usage_minutes WHERE start >= $1 AND start < $2")
            .bind(hour).bind(hour + UsageStep::Hour.length()).fetch_all(c))?;
    for start in starts {
        for (bucket, sums) in minute::read(tx, start).await? {
            hours.entry(Bucket { step: UsageStep::Hour, start: hour, ..bucket }).or_default().add(&sums);
        }
    }
    add_rows(tx, hours).await
}

async fn add_hours_up(tx: &mut Tx, day: DateTime<Utc>) -> Result<()> {
    let rows: Vec<Row> = within!(tx, c => sqlx::query_as(
        "SELECT application_id, key_id, route, status, CAST(SUM(requests) AS BIGINT), CAST(SUM(bytes_in) AS BIGINT),
            CAST(SUM(bytes_out) AS BIGINT), string_agg(latency, '')
         FROM usage_rollups WHERE step = 'hour' AND start >= $1 AND start < $2 GROUP BY application_id, key_id, route, status")
        .bind(day).bind(day + UsageStep::Day.length()).fetch_all(c))?;
    let mut days = Rows::new();
    for (application, key, route, status, requests, bytes_in, bytes_out, text) in rows {
        let mut latency = Histogram::default();
        latency.read(&text);
        let bucket = Bucket { step: UsageStep::Day, start: day, application, key, route: Arc::from(route), status };
        days.insert(bucket, Sums { requests, bytes_in, bytes_out, latency });
    }
    add_rows(tx, days).await
}
