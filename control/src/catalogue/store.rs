//! SQL of services, products and plans.

use chrono::{DateTime, Utc};
use mintreu_model::{
    form::{may_be_slug, upstream::Upstream},
    id::{PlanId, PlanVersionId, ProductId, ServiceId, TenantId},
    list::{List, ListQuery},
    money::{Currency, Money},
    route::RouteRule,
    status::{DatabaseMode, PlanInterval, ProductKind, ProductStatus},
    view::{PlanView, ProductView, ServiceView},
};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::CataloguePolicy;
use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

#[derive(FromRow)]
struct ServiceRow {
    id: ServiceId,
    slug: String,
    name: String,
    base_urls: Json<Vec<String>>,
    routes: Json<Vec<RouteRule>>,
    #[sqlx(try_from = "String")]
    database_mode: DatabaseMode,
    lifecycle: bool,
    health_path: Option<String>,
    timeout_ms: i64,
    http2: bool,
    upstream: Json<Upstream>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ServiceRow> for ServiceView {
    fn from(row: ServiceRow) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            base_urls: row.base_urls.0,
            routes: row.routes.0,
            database: row.database_mode,
            lifecycle: row.lifecycle,
            health_path: row.health_path,
            timeout_ms: row.timeout_ms,
            http2: row.http2,
            upstream: row.upstream.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

const SERVICE: &str =
    "s.id, s.slug, s.name, s.base_urls, s.routes, s.database_mode, s.lifecycle, s.health_path, s.timeout_ms, s.http2, s.upstream,
    s.created_at, s.updated_at";

/// False when the slug is taken.
pub(super) async fn insert_service(tx: &mut Tx, service: &ServiceView) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO services (id, slug, name, base_urls, routes, database_mode, lifecycle, health_path, timeout_ms, http2, upstream,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT (slug) DO NOTHING"
        )
        .bind(service.id)
        .bind(&service.slug)
        .bind(&service.name)
        .bind(Json(&service.base_urls))
        .bind(Json(&service.routes))
        .bind(service.database.as_str())
        .bind(service.lifecycle)
        .bind(&service.health_path)
        .bind(service.timeout_ms)
        .bind(service.http2)
        .bind(Json(&service.upstream))
        .bind(service.created_at)
    )?;
    Ok(made == 1)
}

pub(super) async fn update_service(tx: &mut Tx, service: &ServiceView) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE services SET name = $2, base_urls = $3, routes = $4, database_mode = $5, lifecycle = $6, health_path = $7, timeout_ms = $8, http2 = $9,
                upstream = $10, updated_at = $11
             WHERE id = $1"
        )
        .bind(service.id)
        .bind(&service.name)
        .bind(Json(&service.base_urls))
        .bind(Json(&service.routes))
        .bind(service.database.as_str())
        .bind(service.lifecycle)
        .bind(&service.health_path)
        .bind(service.timeout_ms)
        .bind(service.http2)
        .bind(Json(&service.upstream))
        .bind(service.updated_at)
    )?;
    Ok(())
}

pub(super) async fn delete_service(tx: &mut Tx, id: ServiceId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM services WHERE id = $1").bind(id))?;
    Ok(())
}

pub(super) async fn service(db: &Db, slug: &str) -> Result<Option<ServiceView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    let row: Option<ServiceRow> =
        read!(db, c => sqlx::query_as(&format!("SELECT {SERVICE} FROM services s WHERE s.slug = $1")).bind(slug).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(super) async fn service_id(tx: &mut Tx, slug: &str) -> Result<Option<ServiceId>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    within!(tx, c => sqlx::query_scalar("SELECT id FROM services WHERE slug = $1").bind(slug).fetch_optional(c))
}

/// Reads the service and keeps others from writing it until the transaction ends.
pub(super) async fn lock_service(tx: &mut Tx, slug: &str) -> Result<Option<ServiceView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    execute!(tx, sqlx::query("UPDATE services SET updated_at = updated_at WHERE slug = $1").bind(slug))?;
    let row: Option<ServiceRow> =
        within!(tx, c => sqlx::query_as(&format!("SELECT {SERVICE} FROM services s WHERE s.slug = $1")).bind(slug).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

const SERVICES: Sorting = Sorting {
    id: "s.id",
    default: Column::text("name", "LOWER(s.name)"),
    others: &[Column::text("slug", "s.slug"), Column::created("s.id")],
};

pub(super) async fn services(db: &Db, query: &ListQuery) -> Result<List<ServiceView>> {
    const FILTER: &str = "FROM services s WHERE ($1 IS NULL OR LOWER(s.name) LIKE $1 ESCAPE '\\' OR s.slug LIKE $1 ESCAPE '\\')";
    let pattern = query.pattern();
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FILTER}")).bind(&pattern).fetch_one(c))?;
    let page = Page::new(db, query, &SERVICES)?;
    let rows: Vec<Placed<ServiceRow>> = read!(db, c => sqlx::query_as(&format!("SELECT {SERVICE}, {} {FILTER} {}", page.place(), page.rest(2)))
        .bind(&pattern).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

pub(super) async fn all_services(db: &Db) -> Result<Vec<ServiceView>> {
    let rows: Vec<ServiceRow> = read!(db, c => sqlx::query_as(&format!("SELECT {SERVICE} FROM services s ORDER BY s.slug")).fetch_all(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn has_applications(tx: &mut Tx, service: ServiceId) -> Result<bool> {
    let count: i64 = within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM applications a JOIN products p ON p.id = a.product_id WHERE p.service_id = $1 AND a.status <> 'deleted'")
        .bind(service).fetch_one(c))?;
    Ok(count > 0)
}

pub(super) async fn product_has_applications(tx: &mut Tx, product: ProductId) -> Result<bool> {
    let count: i64 = within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE product_id = $1 AND status <> 'deleted'").bind(product).fetch_one(c))?;
    Ok(count > 0)
}

#[derive(FromRow)]
struct PolicyRow {
    product_id: ProductId,
    product_slug: String,
    cache_responses: bool,
    #[sqlx(flatten)]
    service: ServiceRow,
}

pub(super) async fn served(db: &Db) -> Result<Vec<CataloguePolicy>> {
    let rows: Vec<PolicyRow> = read!(db, c => sqlx::query_as(&format!(
        "SELECT p.id AS product_id, p.slug AS product_slug, p.cache_responses, {SERVICE} FROM products p JOIN services s ON s.id = p.service_id
         WHERE p.kind = 'api' AND p.status IN ('published', 'archived') ORDER BY p.slug")).fetch_all(c))?;
    let policy = |row: PolicyRow| CataloguePolicy {
        product_id: row.product_id,
        product_slug: row.product_slug,
        cache_responses: row.cache_responses,
        service: row.service.into(),
    };
    Ok(rows.into_iter().map(policy).collect())
}

#[derive(FromRow)]
struct ProductRow {
    id: ProductId,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    kind: ProductKind,
    service: Option<String>,
    summary: String,
    description: String,
    config_schema: Option<Json<Value>>,
    cache_responses: bool,
    #[sqlx(try_from = "String")]
    status: ProductStatus,
    published_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl ProductRow {
    /// Takes its own out of the plans of many products.
    fn view(self, plans: &[PlanRow]) -> ProductView {
        ProductView {
            plans: plans.iter().filter(|plan| plan.product_id == self.id).map(PlanRow::view).collect(),
            id: self.id,
            slug: self.slug,
            name: self.name,
            kind: self.kind,
            service: self.service,
            summary: self.summary,
            description: self.description,
            config_schema: self.config_schema.map(|Json(schema)| schema),
            cache_responses: self.cache_responses,
            status: self.status,
            published_at: self.published_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

const PRODUCT: &str =
    "p.id, p.slug, p.name, p.kind, s.slug AS service, p.summary, p.description, p.config_schema, p.cache_responses, p.status, p.published_at,
    p.created_at, p.updated_at";
const FROM: &str = "FROM products p LEFT JOIN services s ON s.id = p.service_id";

#[derive(FromRow)]
struct PlanRow {
    product_id: ProductId,
    id: PlanId,
    code: String,
    archived: bool,
    version_id: PlanVersionId,
    version: i64,
    name: String,
    #[sqlx(try_from = "String")]
    bill_interval: PlanInterval,
    currency: String,
    price_minor: i64,
    trial_days: i64,
    included_requests: i64,
    overage_minor_per_1000: Option<i64>,
    rate_per_second: i64,
    burst: i64,
    max_applications: i64,
    max_request_bytes: Option<i64>,
    max_response_bytes: Option<i64>,
    features: Json<Vec<String>>,
}

impl PlanRow {
    fn view(&self) -> PlanView {
        let currency = Currency::from_code(&self.currency).unwrap_or_default();
        PlanView {
            id: self.id,
            code: self.code.clone(),
            name: self.name.clone(),
            version: self.version,
            version_id: self.version_id,
            interval: self.bill_interval,
            price: Money::new(self.price_minor, currency),
            trial_days: self.trial_days,
            included_requests: self.included_requests,
            overage_price_per_1000: self.overage_minor_per_1000.map(|amount| Money::new(amount, currency)),
            rate_per_second: self.rate_per_second,
            burst: self.burst,
            max_applications: self.max_applications,
            max_request_bytes: self.max_request_bytes,
            max_response_bytes: self.max_response_bytes,
            features: self.features.0.clone(),
            archived: self.archived,
        }
    }
}

const PLAN: &str = "SELECT pl.product_id, pl.id, pl.code, (pl.archived_at IS NOT NULL) AS archived, v.id AS version_id, v.version, v.name, v.bill_interval,
        v.currency, v.price_minor, v.trial_days, v.included_requests, v.overage_minor_per_1000, v.rate_per_second, v.burst, v.max_applications,
        v.max_request_bytes, v.max_response_bytes, v.features
    FROM plans pl JOIN plan_versions v ON v.plan_id = pl.id";
/// Current versions in the order in which they are offered.
const CURRENT: &str = "v.version = pl.current_version";
const OFFERED: &str = "ORDER BY pl.position, pl.id";

pub(super) async fn published(db: &Db) -> Result<Vec<ProductView>> {
    let rows: Vec<ProductRow> = read!(db, c => sqlx::query_as(&format!("SELECT {PRODUCT} {FROM} WHERE p.status = 'published' ORDER BY LOWER(p.name), p.id LIMIT 500")).fetch_all(c))?;
    let plans: Vec<PlanRow> = read!(db, c => sqlx::query_as(&format!(
        "{PLAN} JOIN products p ON p.id = pl.product_id WHERE {CURRENT} AND pl.archived_at IS NULL AND p.status = 'published' {OFFERED}")).fetch_all(c))?;
    Ok(rows.into_iter().map(|row| row.view(&plans)).collect())
}

const PRODUCTS: Sorting = Sorting {
    id: "p.id",
    default: Column::text("name", "LOWER(p.name)"),
    others: &[Column::text("slug", "p.slug"), Column::text("status", "p.status"), Column::created("p.id")],
};

pub(super) async fn products(db: &Db, query: &ListQuery) -> Result<List<ProductView>> {
    const FILTER: &str =
        "($1 IS NULL OR LOWER(p.name) LIKE $1 ESCAPE '\\' OR p.slug LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR p.status = $2)";
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM products p WHERE {FILTER}"))
        .bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &PRODUCTS)?;
    let rest = page.rest(3);
    let rows: Vec<Placed<ProductRow>> = read!(db, c => sqlx::query_as(&format!("SELECT {PRODUCT}, {} {FROM} WHERE {FILTER} {rest}", page.place()))
        .bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    let plans: Vec<PlanRow> = read!(db, c => sqlx::query_as(&format!(
        "{PLAN} WHERE {CURRENT} AND pl.product_id IN (SELECT p.id FROM products p WHERE {FILTER} {rest}) {OFFERED}"))
        .bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, |row| row.view(&plans)))
}

/// Without plans.
pub(super) async fn products_of_service(db: &Db, service: &str) -> Result<Vec<ProductView>> {
    if !may_be_slug(service) {
        return Ok(Vec::new());
    }
    let rows: Vec<ProductRow> = read!(db, c => sqlx::query_as(&format!("SELECT {PRODUCT} {FROM} WHERE s.slug = $1 ORDER BY LOWER(p.name), p.id")).bind(service).fetch_all(c))?;
    Ok(rows.into_iter().map(|row| row.view(&[])).collect())
}

/// Whether the tenant has, or ever had, a subscription to the product.
pub(crate) async fn is_subscribed(db: &Db, tenant: TenantId, product: &str) -> Result<bool> {
    if !may_be_slug(product) {
        return Ok(false);
    }
    let count: i64 = read!(db, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM subscriptions s JOIN products p ON p.id = s.product_id
         WHERE s.tenant_id = $1 AND p.slug = $2").bind(tenant).bind(product).fetch_one(c))?;
    Ok(count > 0)
}

/// With archived plans.
pub(super) async fn product(db: &Db, slug: &str) -> Result<Option<ProductView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    let row: Option<ProductRow> =
        read!(db, c => sqlx::query_as(&format!("SELECT {PRODUCT} {FROM} WHERE p.slug = $1")).bind(slug).fetch_optional(c))?;
    let Some(row) = row else { return Ok(None) };
    let plans: Vec<PlanRow> =
        read!(db, c => sqlx::query_as(&format!("{PLAN} WHERE {CURRENT} AND pl.product_id = $1 {OFFERED}")).bind(row.id).fetch_all(c))?;
    Ok(Some(row.view(&plans)))
}

pub(crate) async fn product_within(tx: &mut Tx, slug: &str) -> Result<Option<ProductView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    let row: Option<ProductRow> =
        within!(tx, c => sqlx::query_as(&format!("SELECT {PRODUCT} {FROM} WHERE p.slug = $1")).bind(slug).fetch_optional(c))?;
    let Some(row) = row else { return Ok(None) };
    let plans: Vec<PlanRow> =
        within!(tx, c => sqlx::query_as(&format!("{PLAN} WHERE {CURRENT} AND pl.product_id = $1 {OFFERED}")).bind(row.id).fetch_all(c))?;
    Ok(Some(row.view(&plans)))
}

/// The same, and keeps others from writing it until the transaction ends.
pub(super) async fn lock_product(tx: &mut Tx, slug: &str) -> Result<Option<ProductView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    execute!(tx, sqlx::query("UPDATE products SET updated_at = updated_at WHERE slug = $1").bind(slug))?;
    product_within(tx, slug).await
}

/// False when the slug is taken.
pub(super) async fn insert_product(tx: &mut Tx, product: &ProductView, service: Option<ServiceId>) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO products (id, slug, name, kind, service_id, summary, description, config_schema, cache_responses, status, created_at,
                updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT (slug) DO NOTHING"
        )
        .bind(product.id)
        .bind(&product.slug)
        .bind(&product.name)
        .bind(product.kind.as_str())
        .bind(service)
        .bind(&product.summary)
        .bind(&product.description)
        .bind(product.config_schema.as_ref().map(Json))
        .bind(product.cache_responses)
        .bind(product.status.as_str())
        .bind(product.created_at)
    )?;
    Ok(made == 1)
}

pub(super) async fn update_product(tx: &mut Tx, product: &ProductView, service: Option<ServiceId>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE products SET name = $2, service_id = $3, summary = $4, description = $5, config_schema = $6, cache_responses = $7,
                updated_at = $8 WHERE id = $1"
        )
        .bind(product.id)
        .bind(&product.name)
        .bind(service)
        .bind(&product.summary)
        .bind(&product.description)
        .bind(product.config_schema.as_ref().map(Json))
        .bind(product.cache_responses)
        .bind(product.updated_at)
    )?;
    Ok(())
}

/// Compare-and-set of the status; false when it was none of `from`.
pub(super) async fn set_product_status(
    tx: &mut Tx,
    id: ProductId,
    from: &[ProductStatus],
    to: ProductStatus,
    now: DateTime<Utc>,
) -> Result<bool> {
    let published = matches!(to, ProductStatus::Published).then_some(now);
    let mut touched = 0;
    for status in from {
        touched += execute!(
            tx,
            sqlx::query(
                "UPDATE products SET status = $3, published_at = COALESCE(published_at, $4), updated_at = $5 WHERE id = $1 AND status = $2"
            )
            .bind(id)
            .bind(status.as_str())
            .bind(to.as_str())
            .bind(published)
            .bind(now)
        )?;
    }
    Ok(touched == 1)
}

pub(super) async fn delete_product(tx: &mut Tx, id: ProductId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM plan_versions WHERE plan_id IN (SELECT id FROM plans WHERE product_id = $1)").bind(id))?;
    execute!(tx, sqlx::query("DELETE FROM plans WHERE product_id = $1").bind(id))?;
    execute!(tx, sqlx::query("DELETE FROM products WHERE id = $1").bind(id))?;
    Ok(())
}

/// False when the product has a plan of that code.
pub(super) async fn insert_plan(tx: &mut Tx, product: ProductId, plan: &PlanView, now: DateTime<Utc>) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO plans (id, product_id, code, position, current_version, created_at)
             SELECT $1, $2, $3, CAST(COALESCE(MAX(position), 0) + 1 AS BIGINT), $4, $5 FROM plans WHERE product_id = $2
             ON CONFLICT (product_id, code) DO NOTHING"
        )
        .bind(plan.id)
        .bind(product)
        .bind(&plan.code)
        .bind(plan.version)
        .bind(now)
    )?;
    Ok(made == 1)
}

/// False when there is such a version.
pub(super) async fn insert_version(tx: &mut Tx, plan: &PlanView, now: DateTime<Utc>) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO plan_versions (id, plan_id, version, name, bill_interval, currency, price_minor, trial_days, included_requests,
                overage_minor_per_1000, rate_per_second, burst, max_applications, max_request_bytes, max_response_bytes, features, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (plan_id, version) DO NOTHING"
        )
        .bind(plan.version_id)
        .bind(plan.id)
        .bind(plan.version)
        .bind(&plan.name)
        .bind(plan.interval.as_str())
        .bind(plan.price.currency.code())
        .bind(plan.price.amount)
        .bind(plan.trial_days)
        .bind(plan.included_requests)
        .bind(plan.overage_price_per_1000.map(|price| price.amount))
        .bind(plan.rate_per_second)
        .bind(plan.burst)
        .bind(plan.max_applications)
        .bind(plan.max_request_bytes)
        .bind(plan.max_response_bytes)
        .bind(Json(&plan.features))
        .bind(now)
    )?;
    Ok(made == 1)
}

/// Compare-and-set of the current version.
pub(super) async fn move_version(tx: &mut Tx, plan: &PlanView, from: i64) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query("UPDATE plans SET current_version = $3 WHERE id = $1 AND current_version = $2 AND archived_at IS NULL")
            .bind(plan.id)
            .bind(from)
            .bind(plan.version)
    )?;
    Ok(touched == 1)
}

pub(super) async fn archive_plan(tx: &mut Tx, id: PlanId, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE plans SET archived_at = $2 WHERE id = $1 AND archived_at IS NULL").bind(id).bind(now))?;
    Ok(())
}

pub(super) async fn versions(db: &Db, product: &str, code: &str) -> Result<Vec<PlanView>> {
    if !may_be_slug(product) || !may_be_slug(code) {
        return Ok(Vec::new());
    }
    let rows: Vec<PlanRow> = read!(db, c => sqlx::query_as(&format!(
        "{PLAN} JOIN products p ON p.id = pl.product_id WHERE p.slug = $1 AND pl.code = $2 ORDER BY v.version DESC LIMIT 500"))
        .bind(product).bind(code).fetch_all(c))?;
    Ok(rows.iter().map(PlanRow::view).collect())
}
