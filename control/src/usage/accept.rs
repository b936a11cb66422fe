//! Counting a part of a segment: summed up in memory, then added to what is there, in one
//! transaction with the segment's position. Rows are written in one order, so that two segments never wait for each
//! other in a circle.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, SegmentId, SubscriptionId},
    status::UsageStep,
};

use super::{Part, Record, latency, lease};
use crate::{
    Control, Result,
    store::{Tx, execute, read},
};

/// Rows of one statement; both engines take more parameters than that needs.
const ROWS: usize = 200;
const COLUMNS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket<'a> {
    pub(super) application: ApplicationId,
    pub(super) step: &'static str,
    pub(super) start: DateTime<Utc>,
    pub(super) key: ApiKeyId,
    pub(super) route: &'a str,
    pub(super) status: i64,
    pub(super) class: i64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) requests: i64,
    pub(super) bytes_in: i64,
    pub(super) bytes_out: i64,
}

#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    pub(super) rollups: BTreeMap<Bucket<'a>, Sums>,
    quota: BTreeMap<(SubscriptionId, DateTime<Utc>), i64>,
    keys: BTreeMap<ApiKeyId, DateTime<Utc>>,
}

impl<'a> Batch<'a> {
    fn of(records: &'a [Record]) -> Self {
        let mut batch = Self::default();
        for record in records {
            let class = latency::class(record.latency_us);
            for step in UsageStep::ALL {
                let bucket = Bucket {
                    application: record.application_id,
                    step: step.as_str(),
                    start: step.floor(record.at),
                    key: record.key_id,
                    route: &record.route,
                    status: record.status,
                    class,
                };
                let sums = batch.rollups.entry(bucket).or_default();
                sums.requests += i64::from(record.counts);
                sums.bytes_in = sums.bytes_in.saturating_add(record.bytes_in.max(0));
                sums.bytes_out = sums.bytes_out.saturating_add(record.bytes_out.max(0));
            }
            if record.billed {
                *batch.quota.entry((record.subscription_id, record.quota_period_start)).or_default() += 1;
            }
            let last = batch.keys.entry(record.key_id).or_insert(record.at);
            *last = record.at.max(*last);
        }
        batch
    }
}

impl Control {
    /// Counts a part of a segment and moves the segment's position, in one. Where the position is
    /// not the part's beginning nothing is counted. Gives the position after it.
    pub async fn accept_usage(&self, part: &Part, records: &[Record]) -> Result<i64> {
        let batch = Batch::of(records);
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query(
                "INSERT INTO usage_segments (id, replica, position, records, accepted_at) VALUES ($1, $2, 0, 0, $3)
                 ON CONFLICT (id) DO NOTHING"
            )
            .bind(part.segment)
            .bind(part.replica)
            .bind(self.clock.system_now())
        )?;
        let moved = execute!(
            tx,
            sqlx::query(
                "UPDATE usage_segments SET position = $3, records = records + $4, accepted_at = $5 WHERE id = $1 AND position = $2"
            )
            .bind(part.segment)
            .bind(part.from)
            .bind(part.to)
            .bind(i64::try_from(records.len()).unwrap_or(i64::MAX))
            .bind(self.clock.system_now())
        )?;
        if moved == 0 {
            drop(tx);
            return self.usage_position(part.segment).await;
        }
        add_rollups(&mut tx, &batch).await?;
        add_quota(&mut tx, &batch).await?;
        for ((subscription, start), used) in &batch.quota {
            lease::settle(&mut tx, part.replica, *subscription, *start, *used).await?;
        }
        touch_keys(&mut tx, &batch).await?;
        tx.commit().await?;
        Ok(part.to)
    }

    /// Up to where a segment is counted; 0 when nothing of it was ever offered.
    pub async fn usage_position(&self, segment: SegmentId) -> Result<i64> {
        let position: Option<i64> = read!(self.db, c => sqlx::query_scalar("SELECT position FROM usage_segments WHERE id = $1")
            .bind(segment)
            .fetch_optional(c))?;
        Ok(position.unwrap_or(0))
    }
}

pub(super) async fn add_rollups(tx: &mut Tx, batch: &Batch<'_>) -> Result<()> {
    let rows: Vec<_> = batch.rollups.iter().collect();
    for chunk in rows.chunks(ROWS) {
        let values: Vec<String> = (0..chunk.len())
            .map(|row| {
                let places: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
                format!("({})", places.join(", "))
            })
            .collect();
        let sql = format!(
            "INSERT INTO usage_rollups (application_id, step, start, key_id, route, status, latency_class, requests, bytes_in, bytes_out)
             VALUES {}
             ON CONFLICT (application_id, step, start, key_id, route, status, latency_class) DO UPDATE SET
                requests = usage_rollups.requests + excluded.requests,
                bytes_in = usage_rollups.bytes_in + excluded.bytes_in,
                bytes_out = usage_rollups.bytes_out + excluded.bytes_out",
            values.join(", ")
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for (bucket, sums) in chunk {
                query = query
                    .bind(bucket.application)
                    .bind(bucket.step)
                    .bind(bucket.start)
                    .bind(bucket.key)
                    .bind(bucket.route)
                    .bind(bucket.status)
                    .bind(bucket.class)
                    .bind(sums.requests)
                    .bind(sums.bytes_in)
                    .bind(sums.bytes_out);
            }
            query
        })?;
    }
    Ok(())
}

/// A subscription that was removed meanwhile has no quota to count. One that ended counts for the
/// later ones too that went on with its month.
async fn add_quota(tx: &mut Tx, batch: &Batch<'_>) -> Result<()> {
    for ((subscription, start), used) in &batch.quota {
        execute!(
            tx,
            sqlx::query(
                "INSERT INTO quota_usage (subscription_id, period_start, used)
                 SELECT n.id, $2, $3 FROM subscriptions s JOIN subscriptions n ON n.tenant_id = s.tenant_id AND n.product_id = s.product_id
                    AND (n.id = s.id OR (n.id > s.id AND n.quota_period_start = $2))
                 WHERE s.id = $1
                 ON CONFLICT (subscription_id, period_start) DO UPDATE SET used = quota_usage.used + excluded.used"
            )
            .bind(*subscription)
            .bind(*start)
            .bind(*used)
        )?;
    }
    Ok(())
}

async fn touch_keys(tx: &mut Tx, batch: &Batch<'_>) -> Result<()> {
    for (key, at) in &batch.keys {
        execute!(
            tx,
            sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
                .bind(*key)
                .bind(*at)
        )?;
    }
    Ok(())
}
