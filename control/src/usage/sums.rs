//! Sums by the hour and the day of each application, each tenant, each product, each status and the
//! whole platform. They are written with the hours and days of `usage_rollups` that they are made
//! of, and spare readers the rows of every route, key and status. Those of each status and of the whole
//! platform are kept by the minute too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use mintreu_model::{
    id::{ApplicationId, ProductId, TenantId},
    status::UsageStep,
};
use uuid::Uuid;

use super::{
    accept::{Bucket, Sums, statements},
    latency::Histogram,
    minute::Minute,
};
use crate::{
    Result,
    store::{Tx, execute, within},
};

/// What a row is the sum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Platform,
    Status,
    Tenant,
    Product,
    Application,
}

impl Of {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Status => "status",
            Self::Tenant => "tenant",
            Self::Product => "product",
            Self::Application => "application",
        }
    }

    /// Whether there are sums by the minute as well.
    pub(super) fn has_minutes(self) -> bool {
        matches!(self, Self::Platform | Self::Status)
    }
}

/// Ordered like the table's key, for one order of locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    of: &'static str,
    step: UsageStep,
    /// Tenant, product or application; nil otherwise.
    target: Uuid,
    start: DateTime<Utc>,
    /// 0 unless the row is of a status.
    status: i64,
}

/// Calls by how they ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    pub(super) requests: i64,
    pub(super) errors: i64,
    pub(super) server_errors: i64,
    pub(super) bytes_in: i64,
    pub(super) bytes_out: i64,
    pub(super) latency: Histogram,
}

impl Sum {
    pub(super) fn add(&mut self, status: i64, sums: &Sums) {
        self.requests += sums.requests;
        self.errors += if status >= 400 { sums.requests } else { 0 };
        self.server_errors += if status >= 500 { sums.requests } else { 0 };
        self.bytes_in = self.bytes_in.saturating_add(sums.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(sums.bytes_out);
        self.latency.merge(&sums.latency);
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.server_errors += other.server_errors;
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.latency.merge(&other.latency);
    }
}

/// Adds minutes to those of each status and of all.
pub(super) async fn add_minutes(tx: &mut Tx, minutes: impl Iterator<Item = Minute<'_>>) -> Result<()> {
    let mut by_status: HashMap<(DateTime<Utc>, i64), Sum, RandomState> = HashMap::default();
    for Minute { start, status, sums, .. } in minutes {
        by_status.entry((start, status)).or_default().add(status, sums);
    }
    let place = |of: Of, start, status| Place { of: of.as_str(), step: UsageStep::Minute, target: Uuid::nil(), start, status };
    let mut sums: BTreeMap<Place, Sum> = BTreeMap::new();
    for ((start, status), sum) in by_status {
        sums.entry(place(Of::Platform, start, 0)).or_default().merge(&sum);
        sums.insert(place(Of::Status, start, status), sum);
    }
    write(tx, &sums.into_iter().collect::<Vec<_>>()).await
}

/// Puts together what was added to the minute at different times.
pub(super) async fn pack_again(tx: &mut Tx, start: DateTime<Utc>) -> Result<()> {
    let rows: Vec<(String, i64, String)> = within!(tx, c => sqlx::query_as(
        "SELECT kind, status, latency FROM usage_sums
         WHERE kind IN ('platform', 'status') AND step = 'minute' AND target = $1 AND start = $2")
        .bind(Uuid::nil()).bind(start).fetch_all(c))?;
    for (kind, status, text) in rows {
        let mut latency = Histogram::default();
        latency.read(&text);
        execute!(
            tx,
            sqlx::query(
                "UPDATE usage_sums SET latency = $5 WHERE kind = $1 AND step = 'minute' AND target = $2 AND start = $3 AND status = $4"
            )
            .bind(kind)
            .bind(Uuid::nil())
            .bind(start)
            .bind(status)
            .bind(latency.to_string())
        )?;
    }
    Ok(())
}

/// Adds hours and days to what is there. An application that was removed counts for no tenant and
/// product.
pub(super) async fn add(tx: &mut Tx, rows: &[(Bucket, Sums)]) -> Result<()> {
    let applications: BTreeSet<ApplicationId> = rows.iter().map(|(bucket, _)| bucket.application).collect();
    let owners = owners(tx, &applications.into_iter().collect::<Vec<_>>()).await?;
    let mut sums: BTreeMap<Place, Sum> = BTreeMap::new();
    for (bucket, each) in rows {
        let mut add = |of: Of, target: Uuid, status: i64| {
            let place = Place { of: of.as_str(), step: bucket.step, target, start: bucket.start, status };
            sums.entry(place).or_default().add(bucket.status, each);
        };
        add(Of::Platform, Uuid::nil(), 0);
        add(Of::Status, Uuid::nil(), bucket.status);
        add(Of::Application, bucket.application.0, 0);
        if let Some((tenant, product)) = owners.get(&bucket.application) {
            add(Of::Tenant, tenant.0, 0);
            add(Of::Product, product.0, 0);
        }
    }
    write(tx, &sums.into_iter().collect::<Vec<_>>()).await
}

async fn owners(tx: &mut Tx, applications: &[ApplicationId]) -> Result<HashMap<ApplicationId, (TenantId, ProductId)>> {
    let mut owners = HashMap::new();
    for some in statements(applications) {
        let sql = format!("SELECT id, tenant_id, product_id FROM applications WHERE id IN {}", tx.places(1, some.len()));
        let found: Vec<(ApplicationId, TenantId, ProductId)> = within!(tx, c => {
            let query = sqlx::query_as(&sql);
            some.iter().fold(query, |query, application| query.bind(*application)).fetch_all(c)
        })?;
        owners.extend(found.into_iter().map(|(application, tenant, product)| (application, (tenant, product))));
    }
    Ok(owners)
}

async fn write(tx: &mut Tx, sums: &[(Place, Sum)]) -> Result<()> {
    for rows in statements(sums) {
        let sql = format!(
            "INSERT INTO usage_sums (kind, step, target, start, status, requests, errors, server_errors, bytes_in, bytes_out, latency)
             VALUES {}
             ON CONFLICT (kind, step, target, start, status) DO UPDATE SET
                requests = usage_sums.requests + excluded.requests,
                errors = usage_sums.errors + excluded.errors,
                server_errors = usage_sums.server_errors + excluded.server_errors,
                bytes_in = usage_sums.bytes_in + excluded.bytes_in,
                bytes_out = usage_sums.bytes_out + excluded.bytes_out,
                latency = usage_sums.latency || excluded.latency",
            tx.places(rows.len(), 11)
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for (place, sum) in rows {
                query = query
                    .bind(place.of)
                    .bind(place.step.as_str())
                    .bind(place.target)
                    .bind(place.start)
                    .bind(place.status)
                    .bind(sum.requests)
                    .bind(sum.errors)
                    .bind(sum.server_errors)
                    .bind(sum.bytes_in)
                    .bind(sum.bytes_out)
                    .bind(sum.latency.to_string());
            }
            query
        })?;
    }
    Ok(())
}
