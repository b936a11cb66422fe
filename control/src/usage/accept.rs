//! Counting parts of segments: what was added up in memory is added to what is there, in one transaction
//! with the segments' positions. Rows are written in one order, so that two replicas never wait for
//! each other in a circle.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::fast::RandomState;
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, SubscriptionId},
    status::UsageStep,
};
use uuid::Uuid;

use super::{
    Part,
    batch::Batch,
    latency::Histogram,
    minute::{self, Minute},
    rollup, sums,
};
use crate::{
    Control, Result,
    store::{Tx, execute, within},
};

/// Rows of most statements; both engines take more parameters than that needs.
const ROWS: usize = 256;
/// How exactly it is noted when a key was last used: keys lie anywhere in their table, and a page is
/// written for each.
const LAST_USED_STEP: TimeDelta = TimeDelta::minutes(10);
/// Keys whose last use is remembered here, so that nobody looks it up for each of their calls.
const NOTED_MOST: usize = 500_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bucket {
    pub(super) step: UsageStep,
    pub(super) start: DateTime<Utc>,
    pub(super) application: ApplicationId,
    pub(super) key: ApiKeyId,
    pub(super) route: Arc<str>,
    pub(super) status: i64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    pub(super) requests: i64,
    pub(super) bytes_in: i64,
    pub(super) bytes_out: i64,
    pub(super) latency: Histogram,
}

impl Bucket {
    pub(super) fn minute<'a>(&'a self, sums: &'a Sums) -> Minute<'a> {
        let Self { start, application, key, route, status, .. } = self;
        Minute { start: *start, application: *application, key: *key, route, status: *status, sums }
    }
}

/// Hours and days to be added, each once: a statement may touch a row once.
pub(super) type Rows = BTreeMap<Bucket, Sums>;

/// What came after its hour or its day was summed up, for that hour and day.
fn late<'a>(minutes: impl Iterator<Item = Minute<'a>>, marks: &[(UsageStep, DateTime<Utc>)]) -> Rows {
    let mut late = Rows::new();
    for Minute { start, application, key, route, status, sums } in minutes {
        for (step, _) in marks.iter().filter(|(step, until)| *step != UsageStep::Minute && start < *until) {
            let bucket = Bucket { step: *step, start: step.floor(start), application, key, route: Arc::from(route), status };
            late.entry(bucket).or_default().add(sums);
        }
    }
    late
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.latency.merge(&other.latency);
    }
}

impl Control {
    /// Counts what the parts hold and moves the positions of their segments, in one. Where a position
    /// is not the part's beginning nothing is counted and none is moved. Gives the positions after it.
    pub async fn accept_usage(&self, parts: &[Part], mut batch: Batch) -> Result<Vec<i64>> {
        batch.finish();
        let positions = self.count_usage(parts, &batch).await;
        self.spare_batch.keep(batch);
        positions
    }

    async fn count_usage(&self, parts: &[Part], batch: &Batch) -> Result<Vec<i64>> {
        let mut tx = self.db.begin().await?;
        for part in parts {
            if !self.advance_segment(&mut tx, part).await? {
                drop(tx);
                return self.usage_positions(parts).await;
            }
        }
        let marks = rollup::marks(&mut tx).await?;
        sums::add_minutes(&mut tx, batch.minutes()).await?;
        let quarter = minute::quarter(self.clock.system_now());
        minute::write(&mut tx, quarter, batch.order(), |number| batch.minute(number)).await?;
        add_rows(&mut tx, late(batch.minutes(), &marks)).await?;
        let quota: Vec<Quota> = batch.billed().into_iter().collect();
        add_quota(&mut tx, &quota).await?;
        if let Some(part) = parts.first() {
            settle_leases(&mut tx, part.replica, &quota).await?;
        }
        let uses = self.last_used.worth_noting(batch.uses());
        touch_keys(&mut tx, &uses).await?;
        tx.commit().await?;
        self.last_used.noted(uses);
        Ok(parts.iter().map(|part| part.to).collect())
    }

    async fn advance_segment(&self, tx: &mut Tx, part: &Part) -> Result<bool> {
        execute!(
            tx,
            sqlx::query(
                "INSERT INTO usage_segments (id, replica, position, accepted_at) VALUES ($1, $2, 0, $3)
                 ON CONFLICT (id) DO NOTHING"
            )
            .bind(part.segment)
            .bind(part.replica)
            .bind(self.clock.system_now())
        )?;
        let moved = execute!(
            tx,
            sqlx::query("UPDATE usage_segments SET position = $3, accepted_at = $4 WHERE id = $1 AND position = $2")
                .bind(part.segment)
                .bind(part.from)
                .bind(part.to)
                .bind(self.clock.system_now())
        )?;
        Ok(moved > 0)
    }

    /// Up to where segments are counted; 0 when nothing of one was ever offered.
    async fn usage_positions(&self, parts: &[Part]) -> Result<Vec<i64>> {
        let mut positions = Vec::with_capacity(parts.len());
        for part in parts {
            positions.push(self.usage_position(part.segment).await?);
        }
        Ok(positions)
    }
}

/// Cuts rows into statements.
pub(super) fn statements<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    statements_of(ROWS, rows)
}

/// Statements of few different lengths: each is prepared once for each connection.
pub(super) fn statements_of<T>(most: usize, mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = if rows.len() >= most { most } else { (rows.len() + 1).next_power_of_two() / 2 };
        let (statement, rest) = rows.split_at_checked(length)?;
        rows = rest;
        (length > 0).then_some(statement)
    })
}

/// Adds hours and days to what is there.
pub(super) async fn add_rows(tx: &mut Tx, rows: Rows) -> Result<()> {
    let rows: Vec<(Bucket, Sums)> = rows.into_iter().collect();
    sums::add(tx, &rows).await?;
    for rows in statements(&rows) {
        let sql = format!(
            "INSERT INTO usage_rollups (step, start, application_id, key_id, route, status, requests, bytes_in, bytes_out, latency)
             VALUES {}
             ON CONFLICT (step, start, application_id, key_id, route, status) DO UPDATE SET
                requests = usage_rollups.requests + excluded.requests,
                bytes_in = usage_rollups.bytes_in + excluded.bytes_in,
                bytes_out = usage_rollups.bytes_out + excluded.bytes_out,
                latency = usage_rollups.latency || excluded.latency",
            tx.places(rows.len(), 10)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for (bucket, sums) in rows {
                query = query
                    .bind(bucket.step.as_str())
                    .bind(bucket.start)
                    .bind(bucket.application)
                    .bind(bucket.key)
                    .bind(&*bucket.route)
                    .bind(bucket.status)
                    .bind(sums.requests)
                    .bind(sums.bytes_in)
                    .bind(sums.bytes_out)
                    .bind(sums.latency.to_string());
            }
            query
        })?;
    }
    Ok(())
}

/// Calls of one subscription in one period.
type Quota = ((SubscriptionId, DateTime<Utc>), i64);

/// A subscription that was removed meanwhile has no quota to count. One that ended counts for the
/// later ones too that went on with its month. `CROSS JOIN` has SQLite begin with what was counted; it
/// would read all subscriptions for each statement of some length.
async fn add_quota(tx: &mut Tx, quota: &[Quota]) -> Result<()> {
    for chunk in statements(quota) {
        let sql = format!(
            "WITH counted (id, start, used) AS (VALUES {})
             INSERT INTO quota_usage (subscription_id, period_start, used)
             SELECT n.id, c.start, CAST(SUM(c.used) AS BIGINT) FROM counted c CROSS JOIN subscriptions s CROSS JOIN subscriptions n
             WHERE s.id = c.id AND n.tenant_id = s.tenant_id AND n.product_id = s.product_id
                AND (n.id = s.id OR (n.id > s.id AND n.quota_period_start = c.start))
             GROUP BY n.id, c.start ORDER BY n.id, c.start
             ON CONFLICT (subscription_id, period_start) DO UPDATE SET used = quota_usage.used + excluded.used",
            tx.places(chunk.len(), 3)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for ((subscription, start), used) in chunk {
                query = query.bind(subscription).bind(start).bind(*used);
            }
            query
        })?;
    }
    Ok(())
}

/// What the gateway had leased of these quotas is used by as much.
async fn settle_leases(tx: &mut Tx, replica: Uuid, quota: &[Quota]) -> Result<()> {
    let leases: i64 = within!(tx, c =>
        sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM quota_leases WHERE replica = $1 LIMIT 1) AS any_lease")
            .bind(replica).fetch_one(c))?;
    if leases == 0 {
        return Ok(());
    }
    for chunk in statements(quota) {
        let sql = format!(
            "WITH counted (id, start, used, replica) AS (VALUES {})
             UPDATE quota_leases SET units = CASE WHEN units > c.used THEN units - c.used ELSE 0 END FROM counted c
             WHERE quota_leases.subscription_id = c.id AND quota_leases.period_start = c.start AND quota_leases.replica = c.replica",
            tx.places(chunk.len(), 4)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for ((subscription, start), used) in chunk {
                query = query.bind(subscription).bind(start).bind(*used).bind(replica);
            }
            query
        })?;
    }
    Ok(())
}

/// When keys were last used, as far as this process has noted it.
#[derive(Debug, Default)]
pub(crate) struct LastUsed(Mutex<HashMap<ApiKeyId, DateTime<Utc>, RandomState>>);

impl LastUsed {
    fn known(&self) -> MutexGuard<'_, HashMap<ApiKeyId, DateTime<Utc>, RandomState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last use of each key, without those that were used just before.
    fn worth_noting(&self, uses: impl Iterator<Item = (ApiKeyId, DateTime<Utc>)>) -> BTreeMap<ApiKeyId, DateTime<Utc>> {
        let known = self.known();
        let mut worth = BTreeMap::new();
        for (key, at) in uses.filter(|(key, at)| known.get(key).is_none_or(|noted| *at > *noted + LAST_USED_STEP)) {
            worth.entry(key).and_modify(|last: &mut DateTime<Utc>| *last = at.max(*last)).or_insert(at);
        }
        worth
    }

    fn noted(&self, uses: BTreeMap<ApiKeyId, DateTime<Utc>>) {
        let mut known = self.known();
        if known.len() + uses.len() > NOTED_MOST {
            known.clear();
        }
        known.extend(uses);
    }
}

/// Uses soon after each other are not worth a write, nor is a key that somebody else is noting just
/// now. The uses of a minute are noted as of the last of them.
async fn touch_keys(tx: &mut Tx, uses: &BTreeMap<ApiKeyId, DateTime<Utc>>) -> Result<()> {
    let mut minutes: BTreeMap<DateTime<Utc>, (DateTime<Utc>, Vec<ApiKeyId>)> = BTreeMap::new();
    for (key, at) in uses {
        let (last, keys) = minutes.entry(UsageStep::Minute.floor(*at)).or_insert((*at, Vec::new()));
        *last = (*last).max(*at);
        keys.push(*key);
    }
    for (at, keys) in minutes.into_values() {
        for chunk in statements(&keys) {
            let sql = format!(
                "UPDATE api_keys SET last_used_at = {} WHERE id IN (
                    SELECT k.id FROM api_keys k
                    WHERE (k.last_used_at IS NULL OR k.last_used_at < {}) AND k.id IN {} {})",
                tx.places(1, 1),
                tx.places_after(1, 1, 1),
                tx.places_after(2, 1, chunk.len()),
                tx.skip_locked("k")
            );
            execute!(tx, {
                let query = sqlx::query(&sql).bind(at).bind(at - LAST_USED_STEP);
                chunk.iter().fold(query, sqlx::query::Query::bind)
            })?;
        }
    }
    Ok(())
}
