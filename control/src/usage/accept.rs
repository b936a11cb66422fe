//! Counting a part of a segment: summed up in memory, then added to what is there, in one
//! transaction with the segment's position. Rows are written in one order, so that two segments
//! never wait for each other in a circle.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, SegmentId, SubscriptionId},
    status::UsageStep,
};
use uuid::Uuid;

use super::{Part, Record, latency};
use crate::{
    Control, Result,
    store::{Tx, execute, read},
};

/// Rows of one statement; both engines take more parameters than that needs.
const ROWS: usize = 200;
const COLUMNS: usize = 10;
/// How exactly it is noted when a key was last used.
const LAST_USED_STEP: TimeDelta = TimeDelta::minutes(1);

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
        settle_leases(&mut tx, part.replica, &batch).await?;
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
        let sql = format!(
            "INSERT INTO usage_rollups (application_id, step, start, key_id, route, status, latency_class, requests, bytes_in, bytes_out)
             VALUES {}
             ON CONFLICT (application_id, step, start, key_id, route, status, latency_class) DO UPDATE SET
                requests = usage_rollups.requests + excluded.requests,
                bytes_in = usage_rollups.bytes_in + excluded.bytes_in,
                bytes_out = usage_rollups.bytes_out + excluded.bytes_out",
            tx.places(chunk.len(), COLUMNS)
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
    let rows: Vec<_> = batch.quota.iter().collect();
    for chunk in rows.chunks(ROWS) {
        let sql = format!(
            "WITH counted (id, start, used) AS (VALUES {})
             INSERT INTO quota_usage (subscription_id, period_start, used)
             SELECT n.id, c.start, CAST(SUM(c.used) AS BIGINT) FROM counted c
             JOIN subscriptions s ON s.id = c.id
             JOIN subscriptions n ON n.tenant_id = s.tenant_id AND n.product_id = s.product_id
                AND (n.id = s.id OR (n.id > s.id AND n.quota_period_start = c.start))
             WHERE TRUE GROUP BY n.id, c.start ORDER BY n.id, c.start
             ON CONFLICT (subscription_id, period_start) DO UPDATE SET used = quota_usage.used + excluded.used",
            tx.places(chunk.len(), 3)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for ((subscription, start), used) in chunk {
                query = query.bind(*subscription).bind(*start).bind(**used);
            }
            query
        })?;
    }
    Ok(())
}

/// What the gateway had leased of these quotas is used by as much.
async fn settle_leases(tx: &mut Tx, replica: Uuid, batch: &Batch<'_>) -> Result<()> {
    let rows: Vec<_> = batch.quota.iter().collect();
    for chunk in rows.chunks(ROWS) {
        let sql = format!(
            "WITH counted (id, start, used, replica) AS (VALUES {})
             UPDATE quota_leases SET units = CASE WHEN units > c.used THEN units - c.used ELSE 0 END FROM counted c
             WHERE quota_leases.subscription_id = c.id AND quota_leases.period_start = c.start AND quota_leases.replica = c.replica",
            tx.places(chunk.len(), 4)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for ((subscription, start), used) in chunk {
                query = query.bind(*subscription).bind(*start).bind(**used).bind(replica);
            }
            query
        })?;
    }
    Ok(())
}

/// Uses within a minute of each other are not worth a write, nor is a key that somebody else is
/// noting just now.
async fn touch_keys(tx: &mut Tx, batch: &Batch<'_>) -> Result<()> {
    let rows: Vec<_> = batch.keys.iter().collect();
    for chunk in rows.chunks(ROWS) {
        let sql = format!(
            "WITH used (id, at, since) AS (VALUES {}), due AS (
                SELECT k.id, used.at FROM used JOIN api_keys k ON k.id = used.id
                WHERE k.last_used_at IS NULL OR k.last_used_at < used.since {})
             UPDATE api_keys SET last_used_at = due.at FROM due WHERE api_keys.id = due.id",
            tx.places(chunk.len(), 3),
            tx.skip_locked("k")
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for (key, at) in chunk {
                query = query.bind(**key).bind(**at).bind(**at - LAST_USED_STEP);
            }
            query
        })?;
    }
    Ok(())
}
