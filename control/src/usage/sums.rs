//! Sums by the hour and the day of each application, each tenant, each product, each status and the
//! whole platform. They are written with the hours and days of `usage_rollups` that they are made
//! of, and spare readers the rows of every route, key and status.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApplicationId, ProductId, TenantId},
    status::UsageStep,
};
use uuid::Uuid;

use super::{
    accept::{Bucket, Sums, statements},
    latency::Histogram,
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

#[derive(Debug, Clone, Default)]
struct Sum {
    requests: i64,
    errors: i64,
    server_errors: i64,
    bytes_in: i64,
    bytes_out: i64,
    latency: Histogram,
}

impl Sum {
    fn add(&mut self, status: i64, sums: &Sums) {
        self.requests += sums.requests;
        self.errors += if status >= 400 { sums.requests } else { 0 };
        self.server_errors += if status >= 500 { sums.requests } else { 0 };
        self.bytes_in = self.bytes_in.saturating_add(sums.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(sums.bytes_out);
        self.latency.merge(&sums.latency);
    }
}

/// Adds hours and days to what is there. An application that was removed counts for no tenant and
/// product.
pub(super) async fn add(tx: &mut Tx, rows: &[(Bucket, Sums)]) -> Result<()> {
    let coarse = || rows.iter().filter(|(bucket, _)| bucket.step != UsageStep::Minute);
    let applications: BTreeSet<ApplicationId> = coarse().map(|(bucket, _)| bucket.application).collect();
    let owners = owners(tx, &applications.into_iter().collect::<Vec<_>>()).await?;
    let mut sums: BTreeMap<Place, Sum> = BTreeMap::new();
    for (bucket, each) in coarse() {
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
