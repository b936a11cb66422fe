//! History from elsewhere, as sums: what an operator brings along, and what a demonstration shows.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};

use super::{
    accept::{Bucket, Rows, Sums, add_rows},
    latency::Histogram,
    minute::{self, Minute},
    rollup::marks,
    sums,
};
use crate::{Control, Operator, Result, store::execute};

/// Requests of one interval, route, status and latency.
#[derive(Debug, Clone)]
pub struct Rollup {
    pub step: UsageStep,
    /// Beginning of the interval.
    pub start: DateTime<Utc>,
    pub application_id: ApplicationId,
    pub key_id: ApiKeyId,
    pub route: String,
    pub status: i64,
    pub latency_us: i64,
    pub requests: i64,
    pub bytes_in: i64,
    pub bytes_out: i64,
}

impl Rollup {
    fn sums(&self) -> (Bucket, Sums) {
        let mut latency = Histogram::default();
        latency.add(self.latency_us, self.requests);
        let bucket = Bucket {
            application: self.application_id,
            step: self.step,
            start: self.start,
            key: self.key_id,
            route: Arc::from(&*self.route),
            status: self.status,
        };
        (bucket, Sums { requests: self.requests, bytes_in: self.bytes_in, bytes_out: self.bytes_out, latency })
    }
}

impl Control {
    /// Adds sums to what is there. Of the hour and the day that are not over only finer sums are
    /// taken: they become hours and days later. Requests of the present period count for the quota
    /// of their subscription.
    pub async fn import_usage(&self, _: &Operator, rollups: &[Rollup]) -> Result<()> {
        self.roll_up_usage().await?;
        let mut tx = self.db.begin().await?;
        let marks = marks(&mut tx).await?;
        let before = |mark: UsageStep, start| marks.iter().any(|(step, until)| *step == mark && start < *until);
        let is_taken = |rollup: &&Rollup| rollup.step == UsageStep::Minute || before(rollup.step, rollup.start);
        let taken: Vec<(Bucket, Sums)> = rollups.iter().filter(is_taken).map(Rollup::sums).collect();
        let (minutes, rows): (Vec<_>, Vec<_>) = taken.iter().partition(|(bucket, _)| bucket.step == UsageStep::Minute);
        let minutes: Vec<Minute<'_>> = minutes.into_iter().map(|(bucket, sums)| bucket.minute(sums)).collect();
        sums::add_minutes(&mut tx, minutes.iter().copied()).await?;
        minute::add(&mut tx, 0, &minutes).await?;
        let mut coarser = Rows::new();
        for (bucket, sums) in rows {
            coarser.entry(bucket.clone()).or_default().add(sums);
        }
        add_rows(&mut tx, coarser).await?;
        let is_read = |bucket: &Bucket| match bucket.step {
            UsageStep::Minute => !before(UsageStep::Hour, bucket.start),
            UsageStep::Hour => !before(UsageStep::Day, bucket.start),
            UsageStep::Day => true,
        };
        let mut billed: BTreeMap<(ApplicationId, DateTime<Utc>), i64> = BTreeMap::new();
        for (bucket, sums) in taken.iter().filter(|(bucket, _)| bucket.status < 500 && is_read(bucket)) {
            *billed.entry((bucket.application, bucket.start)).or_default() += sums.requests;
        }
        for ((application, start), requests) in billed {
            execute!(
                tx,
                sqlx::query(
                    "INSERT INTO quota_usage (subscription_id, period_start, used)
                     SELECT s.id, s.quota_period_start, $3 FROM subscriptions s JOIN applications a ON a.subscription_id = s.id
                     WHERE a.id = $1 AND s.quota_period_start <= $2
                     ON CONFLICT (subscription_id, period_start) DO UPDATE SET used = quota_usage.used + excluded.used"
                )
                .bind(application)
                .bind(start)
                .bind(requests)
            )?;
        }
        tx.commit().await
    }
}
