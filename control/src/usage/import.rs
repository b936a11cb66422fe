//! History from elsewhere, as sums: what an operator brings along, and what a demonstration shows.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};

use super::{
    accept::{Batch, Bucket, add_rollups},
    latency,
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

impl Control {
    /// Adds sums to what is there. Subscriptions that have counted nothing in the present period
    /// get the imported requests of its days.
    pub async fn import_usage(&self, _: &Operator, rollups: &[Rollup]) -> Result<()> {
        let mut batch = Batch::default();
        for rollup in rollups {
            let bucket = Bucket {
                application: rollup.application_id,
                step: rollup.step.as_str(),
                start: rollup.start,
                key: rollup.key_id,
                route: &rollup.route,
                status: rollup.status,
                class: latency::class(rollup.latency_us),
            };
            let sums = batch.rollups.entry(bucket).or_default();
            sums.requests += rollup.requests;
            sums.bytes_in += rollup.bytes_in;
            sums.bytes_out += rollup.bytes_out;
        }
        let mut tx = self.db.begin().await?;
        add_rollups(&mut tx, &batch).await?;
        execute!(
            tx,
            sqlx::query(
                "INSERT INTO quota_usage (subscription_id, period_start, used)
                 SELECT s.id, s.quota_period_start, CAST(SUM(r.requests) AS BIGINT)
                 FROM subscriptions s JOIN applications a ON a.subscription_id = s.id
                 JOIN usage_rollups r ON r.application_id = a.id AND r.step = 'day' AND r.start >= s.quota_period_start AND r.status < 500
                 GROUP BY s.id, s.quota_period_start
                 ON CONFLICT (subscription_id, period_start) DO NOTHING"
            )
        )?;
        tx.commit().await
    }
}
