//! A platform's database with any number of keys, written in bulk as the control plane would have
//! left it; and the same keys as the file that nginx reads. A new column that may not be null has
//! to be filled here.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    time::SystemTime,
};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::id::{ApiKeyId, ApplicationId, SubscriptionId, TenantId};
use serde_json::json;
use sqlx::{Connection as _, QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use crate::keys::{Key, Kind};

pub(crate) const PRODUCT: &str = "bench";
const ROWS: usize = 500;
/// Code, calls a second, burst, calls a month: in the order of [`Kind::plan`], and as in
/// `policy/policy.lua`.
const PLANS: [(&str, i64, i64, i64); 3] =
    [("wide", 1_000_000, 1_000_000, 1_000_000_000), ("slow", 1, 1, 1_000_000_000), ("small", 1_000_000, 1_000_000, 1)];
/// As in `policy/policy.lua`.
const ROUTES: [(&str, &[&str]); 10] = [
    ("/v1/products", &["GET"]),
    ("/v1/products/{sku}", &["GET"]),
    ("/v1/customers", &["GET", "POST"]),
    ("/v1/customers/{customer}", &["GET", "PATCH", "DELETE"]),
    ("/v1/carts", &["POST"]),
    ("/v1/carts/{cart}", &["GET"]),
    ("/v1/carts/{cart}/items", &["POST"]),
    ("/v1/orders", &["GET", "POST"]),
    ("/v1/orders/{order}", &["GET"]),
    ("/v1/orders/{order}/cancel", &["POST"]),
];

fn plan_id(index: usize) -> Uuid {
    Uuid::from_u128(0x100 + index as u128)
}

fn version_id(index: usize) -> Uuid {
    Uuid::from_u128(0x200 + index as u128)
}

const SERVICE: Uuid = Uuid::from_u128(1);
const PRODUCT_ID: Uuid = Uuid::from_u128(2);

/// Fills a database that has its tables and nothing else.
pub(crate) async fn fill(database: &Path, count: u64, upstream: u16) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(database).pragma("synchronous", "off").pragma("cache_size", "-500000");
    let mut connection = SqliteConnection::connect_with(&options).await.context("the platform's database")?;
    let mut tx = connection.begin().await?;
    let now = DateTime::<Utc>::from(SystemTime::now());
    catalogue(&mut tx, upstream, now).await?;
    let mut keys = Vec::with_capacity(ROWS);
    for key in Key::all(count) {
        keys.push(key);
        if keys.len() == ROWS {
            write(&mut tx, &keys, now).await?;
            keys.clear();
        }
    }
    write(&mut tx, &keys, now).await?;
    tx.commit().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn catalogue(tx: &mut SqliteConnection, upstream: u16, now: DateTime<Utc>) -> Result<()> {
    let routes: Vec<_> = ROUTES.iter().map(|(path, methods)| json!({ "methods": methods, "path": path })).collect();
    sqlx::query(
        "INSERT INTO services (id, slug, name, base_urls, routes, database_mode, lifecycle, timeout_ms, http2, upstream,
            created_at, updated_at)
         VALUES ($1, 'bench', 'Bench', $2, $3, 'none', FALSE, 30000, FALSE, '{}', $4, $4)",
    )
    .bind(SERVICE)
    .bind(json!([format!("http://127.0.0.1:{upstream}")]).to_string())
    .bind(json!(routes).to_string())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO products (id, slug, name, kind, service_id, summary, description, status, published_at, created_at, updated_at)
         VALUES ($1, $2, 'Bench', 'api', $3, '', '', 'published', $4, $4, $4)",
    )
    .bind(PRODUCT_ID)
    .bind(PRODUCT)
    .bind(SERVICE)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    for (index, (code, rate, burst, included)) in PLANS.into_iter().enumerate() {
        sqlx::query("INSERT INTO plans (id, product_id, code, position, current_version, created_at) VALUES ($1, $2, $3, $4, 1, $5)")
            .bind(plan_id(index))
            .bind(PRODUCT_ID)
            .bind(code)
            .bind(i64::try_from(index)?)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO plan_versions (id, plan_id, version, name, bill_interval, currency, price_minor, trial_days, included_requests,
                overage_minor_per_1000, rate_per_second, burst, max_applications, features, created_at)
             VALUES ($1, $2, 1, $3, 'month', 'EUR', 0, 0, $4, NULL, $5, $6, 1000, '[]', $7)",
        )
        .bind(version_id(index))
        .bind(plan_id(index))
        .bind(code)
        .bind(included)
        .bind(rate)
        .bind(burst)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn write(tx: &mut SqliteConnection, keys: &[Key], now: DateTime<Utc>) -> Result<()> {
    let (start, end) = (now - TimeDelta::days(1), now + TimeDelta::days(29));
    let tenants: Vec<_> = keys.iter().filter(|key| key.begins_tenant()).collect();
    insert(tx, "INSERT INTO tenants (id, slug, name, status, created_at, updated_at) ", &tenants, |mut row, key| {
        let slug = key.slug(key.tenant());
        row.push_bind(TenantId(key.tenant_id())).push_bind(slug.clone()).push_bind(slug).push_bind("active").push_bind(now).push_bind(now);
    })
    .await?;
    let subscriptions = "INSERT INTO subscriptions (id, tenant_id, product_id, plan_version_id, status, anchor, current_period_start,
        current_period_end, quota_period_start, quota_period_end, created_at, updated_at) ";
    insert(tx, subscriptions, &tenants, |mut row, key| {
        row.push_bind(SubscriptionId(key.subscription_id()))
            .push_bind(TenantId(key.tenant_id()))
            .push_bind(PRODUCT_ID)
            .push_bind(version_id(key.kind.plan()))
            .push_bind(if key.kind == Kind::Inactive { "unpaid" } else { "active" });
        for time in [start, start, end, start, end, now, now] {
            row.push_bind(time);
        }
    })
    .await?;
    let applications: Vec<_> = keys.iter().filter(|key| key.begins_application()).collect();
    let into = "INSERT INTO applications (id, tenant_id, subscription_id, product_id, slug, name, status, ever_active, config, told_plan,
        told_config_version, created_at, updated_at) ";
    insert(tx, into, &applications, |mut row, key| {
        let slug = key.slug(key.application());
        row.push_bind(ApplicationId(key.application_id()))
            .push_bind(TenantId(key.tenant_id()))
            .push_bind(SubscriptionId(key.subscription_id()))
            .push_bind(PRODUCT_ID)
            .push_bind(slug.clone())
            .push_bind(slug)
            .push_bind("active")
            .push_bind(true)
            .push_bind("{}")
            .push_bind(plan(key.kind))
            .push_bind(1)
            .push_bind(now)
            .push_bind(now);
    })
    .await?;
    let all: Vec<_> = keys.iter().collect();
    let into = "INSERT INTO api_keys (id, tenant_id, application_id, name, client_id, secret_hash, secret_last_four, scopes, allowed_ips,
        created_at) ";
    insert(tx, into, &all, |mut row, key| {
        row.push_bind(ApiKeyId(key.key_id()))
            .push_bind(TenantId(key.tenant_id()))
            .push_bind(ApplicationId(key.application_id()))
            .push_bind("key")
            .push_bind(key.client_id())
            .push_bind(key.secret_hash().to_vec())
            .push_bind("0000")
            .push_bind("[]")
            .push_bind("[]")
            .push_bind(now);
    })
    .await
}

async fn insert<'a>(
    tx: &mut SqliteConnection,
    into: &str,
    keys: &[&'a Key],
    row: impl FnMut(sqlx::query_builder::Separated<'_, 'a, Sqlite, &'static str>, &'a Key),
) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut row = row;
    let mut query = QueryBuilder::<Sqlite>::new(into);
    query.push_values(keys.iter().copied(), &mut row);
    query.build().execute(tx).await?;
    Ok(())
}

fn plan(kind: Kind) -> &'static str {
    PLANS.get(kind.plan()).map_or("", |plan| plan.0)
}

/// Calls that the platform has taken from quotas.
pub(crate) async fn recorded(database: &Path) -> Result<u64> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let sum: i64 = sqlx::query_scalar("SELECT COALESCE(SUM(used), 0) FROM quota_usage").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(u64::try_from(sum)?)
}

/// One line a key, as `policy/policy.lua` reads them.
pub(crate) fn write_lines(path: &Path, count: u64) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for key in Key::all(count) {
        writeln!(
            file,
            "{} {} {} {} {} {} {} {}",
            key.client_id(),
            hex::encode(key.secret_hash()),
            if key.kind == Kind::Inactive { "n" } else { "y" },
            ["a", "b", "c"].get(key.kind.plan()).unwrap_or(&""),
            ApplicationId(key.application_id()),
            ApiKeyId(key.key_id()),
            TenantId(key.tenant_id()),
            SubscriptionId(key.subscription_id()),
        )?;
    }
    file.flush()?;
    Ok(())
}
