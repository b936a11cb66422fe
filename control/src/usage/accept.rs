//! Counting parts of segments: summed up in memory, then added to what is there, in one transaction
//! with the segments' positions. Rows are written in one order, so that two replicas never wait for
//! each other in a circle.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher as _,
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::fast::RandomState;
use hashbrown::hash_table::{Entry, HashTable};
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, SubscriptionId},
    status::UsageStep,
};
use uuid::Uuid;

use super::{Part, Record, latency::Histogram, rollup, sums};
use crate::{
    Control, Result,
    store::{Tx, execute, within},
};

/// Rows of one statement; both engines take more parameters than that needs.
const ROWS: usize = 256;
/// How exactly it is noted when a key was last used: keys lie anywhere in their table, and a page is
/// written for each.
const LAST_USED_STEP: TimeDelta = TimeDelta::minutes(10);

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

/// Rows to be added.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<(Bucket, Sums)>);

impl Rows {
    pub(super) fn push(&mut self, bucket: Bucket, sums: Sums) {
        self.0.push((bucket, sums));
    }

    /// Adds what came after its hour or its day was summed up to that hour and day.
    fn add_late(&mut self, marks: &[(UsageStep, DateTime<Utc>)]) {
        let mut late = Vec::new();
        for (bucket, sums) in &self.0 {
            for (step, _) in marks.iter().filter(|(_, until)| bucket.start < *until) {
                late.push((Bucket { step: *step, start: step.floor(bucket.start), ..bucket.clone() }, sums.clone()));
            }
        }
        self.0.append(&mut late);
    }

    /// In the order of the table's key, each once, as a statement may touch a row once.
    fn in_order(mut self) -> Vec<(Bucket, Sums)> {
        merge(&mut self.0, Sums::add);
        self.0
    }
}

/// Records that are added up in one go. With many keys each lies somewhere else in memory: the
/// processor waits for several at once when it looks for all of them before it adds the first.
const TOGETHER: usize = 32;

/// Records that are counted together. Adding one is a part of what a call costs: with many keys that
/// is how much memory it touches.
#[derive(Debug, Default)]
pub struct Batch {
    waiting: Vec<Record>,
    routes: HashMap<Arc<str>, usize, RandomState>,
    cells: Vec<Cell>,
    /// Where in `cells` each place is.
    indices: HashTable<usize>,
    hasher: RandomState,
}

/// What cells differ by; a route by its number among those of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    key: ApiKeyId,
    /// Minutes since the epoch.
    minute: i64,
    quota: (SubscriptionId, DateTime<Utc>),
    route: usize,
    status: i64,
}

/// Calls of one key in one minute that ended alike.
#[derive(Debug)]
struct Cell {
    place: Place,
    application: ApplicationId,
    route: Arc<str>,
    sums: Sums,
    billed: i64,
    last_used: Option<DateTime<Utc>>,
}

impl Batch {
    pub fn add(&mut self, record: Record) {
        self.waiting.push(record);
        if self.waiting.len() >= TOGETHER {
            self.add_up();
        }
    }

    fn add_up(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut found = [0; TOGETHER];
        for (record, index) in waiting.iter().zip(&mut found) {
            *index = self.find(record);
        }
        for (record, index) in waiting.drain(..).zip(found) {
            if let Some(cell) = self.cells.get_mut(index) {
                cell.add(&record);
            }
        }
        self.waiting = waiting;
    }

    /// Where the record's cell is, which is made if there is none.
    fn find(&mut self, record: &Record) -> usize {
        let route = self.routes.get(&record.route).copied().unwrap_or_else(|| {
            let number = self.routes.len();
            self.routes.insert(Arc::clone(&record.route), number);
            number
        });
        let place = Place {
            key: record.key_id,
            minute: record.at.timestamp().div_euclid(60),
            quota: (record.subscription_id, record.quota_period_start),
            route,
            status: record.status,
        };
        let Self { cells, indices, hasher, .. } = self;
        let is_there = |index: &usize| cells.get(*index).is_some_and(|cell| cell.place == place);
        let hash_of = |index: &usize| cells.get(*index).map_or(0, |cell| hasher.hash_one(cell.place));
        match indices.entry(hasher.hash_one(place), is_there, hash_of) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let index = cells.len();
                entry.insert(index);
                cells.push(Cell {
                    place,
                    application: record.application_id,
                    route: Arc::clone(&record.route),
                    sums: Sums::default(),
                    billed: 0,
                    last_used: None,
                });
                index
            }
        }
    }

    /// Rows that counting writes, or more.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells.len() + self.waiting.len()
    }
}

impl Cell {
    fn add(&mut self, record: &Record) {
        self.sums.bytes_in = self.sums.bytes_in.saturating_add(record.bytes_in.max(0));
        self.sums.bytes_out = self.sums.bytes_out.saturating_add(record.bytes_out.max(0));
        if record.counts {
            self.sums.requests += 1;
            self.sums.latency.add(record.latency_us, 1);
            self.last_used = self.last_used.max(Some(record.at));
        }
        self.billed += i64::from(record.billed);
    }
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.latency.merge(&other.latency);
    }
}

impl Extend<Record> for Batch {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.add(record));
    }
}

impl Control {
    /// Counts what the parts hold and moves the positions of their segments, in one. Where a position
    /// is not the part's beginning nothing is counted and none is moved. Gives the positions after it.
    pub async fn accept_usage(&self, parts: &[Part], mut batch: Batch) -> Result<Vec<i64>> {
        batch.add_up();
        let mut tx = self.db.begin().await?;
        for part in parts {
            if !self.advance_segment(&mut tx, part).await? {
                drop(tx);
                return self.usage_positions(parts).await;
            }
        }
        let mut minutes = Rows(Vec::with_capacity(batch.cells.len()));
        let (mut quota, mut keys) = (Vec::with_capacity(batch.cells.len()), Vec::with_capacity(batch.cells.len()));
        for Cell { place, application, route, sums, billed, last_used } in batch.cells {
            if billed > 0 {
                quota.push((place.quota, billed));
            }
            if let Some(at) = last_used {
                keys.push((place.key, at));
            }
            let start = DateTime::from_timestamp(place.minute * 60, 0).unwrap_or_default();
            let bucket = Bucket { step: UsageStep::Minute, start, application, key: place.key, route, status: place.status };
            minutes.push(bucket, sums);
        }
        merge(&mut quota, |into: &mut i64, billed| *into += billed);
        merge(&mut keys, |last, at| *last = (*at).max(*last));
        minutes.add_late(&rollup::marks(&mut tx).await?);
        add_rows(&mut tx, minutes).await?;
        add_quota(&mut tx, &quota).await?;
        if let Some(part) = parts.first() {
            settle_leases(&mut tx, part.replica, &quota).await?;
        }
        touch_keys(&mut tx, keys).await?;
        tx.commit().await?;
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

/// In the order of keys, each once.
fn merge<K: Ord, V>(rows: &mut Vec<(K, V)>, add: impl Fn(&mut V, &V)) {
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows.dedup_by(|(key, value), (kept, into)| {
        let same = key == kept;
        if same {
            add(into, value);
        }
        same
    });
}

/// Cuts rows into statements of few different lengths: each is prepared once for each connection.
pub(super) fn statements<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = if rows.len() >= ROWS { ROWS } else { (rows.len() + 1).next_power_of_two() / 2 };
        let (statement, rest) = rows.split_at_checked(length)?;
        rows = rest;
        (length > 0).then_some(statement)
    })
}

/// Adds to what is there.
pub(super) async fn add_rows(tx: &mut Tx, rows: Rows) -> Result<()> {
    let summed = rows.in_order();
    for rows in statements(&summed) {
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
    sums::add(tx, &summed).await
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

/// Uses soon after each other are not worth a write, nor is a key that somebody else is noting just
/// now. The uses of a minute are noted as of the last of them.
async fn touch_keys(tx: &mut Tx, keys: impl IntoIterator<Item = (ApiKeyId, DateTime<Utc>)>) -> Result<()> {
    let mut minutes: BTreeMap<DateTime<Utc>, (DateTime<Utc>, Vec<ApiKeyId>)> = BTreeMap::new();
    for (key, at) in keys {
        let (last, keys) = minutes.entry(UsageStep::Minute.floor(at)).or_insert((at, Vec::new()));
        *last = at.max(*last);
        keys.push(key);
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
