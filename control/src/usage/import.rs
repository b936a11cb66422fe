//! History from elsewhere, as sums: what an operator brings along, and what a demonstration shows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};

use super::{
    accept::{Bucket, Sums, add_rows},
    latency::Histogram,
    rollup::{ONCE, marks},
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
    /// taken: they become hours and days later. Subscriptions that have counted nothing in the present period
    /// get the imported requests of its days.
    pub async fn import_usage(&self, _: &Operator, rollups: &[Rollup]) -> Result<()> {
        self.roll_up_usage().await?;
        let mut tx = self.db.begin().await?;
        let marks = marks(&mut tx).await?;
        let is_read = |rollup: &&Rollup| marks.iter().all(|(step, until)| *step != rollup.step || rollup.start < *until);
        let sums: Vec<(Bucket, Sums)> = rollups.iter().filter(is_read).map(Rollup::sums).collect();
        add_rows(&mut tx, sums.iter().map(|(bucket, sums)| (bucket.clone(), sums)).collect()).await?;
        execute!(
            tx,
            sqlx::query(&format!(
                "INSERT INTO quota_usage (subscription_id, period_start, used)
                 SELECT s.id, s.quota_period_start, CAST(SUM(r.requests) AS BIGINT)
                 FROM subscriptions s JOIN applications a ON a.subscription_id = s.id
                 JOIN usage_rollups r ON r.application_id = a.id AND r.start >= s.quota_period_start AND r.status < 500 AND {ONCE}
                 GROUP BY s.id, s.quota_period_start
                 ON CONFLICT (subscription_id, period_start) DO NOTHING"
            ))
        )?;
        tx.commit().await
    }
}
