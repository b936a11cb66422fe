//! SQL of subscriptions.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{PlanVersionId, ProductId, SubscriptionId, TenantId},
    list::{List, ListQuery},
    money::{Currency, Money},
    status::{PlanInterval, SubscriptionStatus},
    view::{QuotaView, SubscriptionView},
};
use sqlx::FromRow;

use super::{
    life::{Subscription, Terms},
    period::Period,
};
use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

#[derive(FromRow)]
struct ViewRow {
    id: SubscriptionId,
    tenant_id: TenantId,
    tenant_name: String,
    tenant_slug: String,
    product: String,
    product_name: String,
    plan: String,
    plan_name: String,
    plan_version: i64,
    price_minor: i64,
    currency: String,
    #[sqlx(try_from = "String")]
    bill_interval: PlanInterval,
    #[sqlx(try_from = "String")]
    status: SubscriptionStatus,
    current_period_start: DateTime<Utc>,
    current_period_end: DateTime<Utc>,
    quota_period_start: DateTime<Utc>,
    quota_period_end: DateTime<Utc>,
    trial_end: Option<DateTime<Utc>>,
    cancel_at_period_end: bool,
    pending_plan: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    included_requests: i64,
    hard_stop: bool,
    used: i64,
    max_applications: i64,
    applications: i64,
    created_at: DateTime<Utc>,
}

impl From<ViewRow> for SubscriptionView {
    fn from(row: ViewRow) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            tenant_name: row.tenant_name,
            tenant_slug: row.tenant_slug,
            product: row.product,
            product_name: row.product_name,
            plan: row.plan,
            plan_name: row.plan_name,
            plan_version: row.plan_version,
            price: Money::new(row.price_minor, Currency::from_code(&row.currency).unwrap_or_default()),
            interval: row.bill_interval,
            status: row.status,
            current_period_start: row.current_period_start,
            current_period_end: row.current_period_end,
            trial_end: row.trial_end,
            cancel_at_period_end: row.cancel_at_period_end,
            pending_plan: row.pending_plan,
            ended_at: row.ended_at,
            quota: QuotaView {
                used: row.used,
                included: row.included_requests,
                hard_stop: row.hard_stop,
                period_start: row.quota_period_start,
                period_end: row.quota_period_end,
            },
            max_applications: row.max_applications,
            applications: row.applications,
            created_at: row.created_at,
        }
    }
}

const COLUMNS: &str = "SELECT s.id, s.tenant_id, t.name AS tenant_name, t.slug AS tenant_slug, p.slug AS product, p.name AS product_name,
        pl.code AS plan, v.name AS plan_name, v.version AS plan_version, v.price_minor, v.currency, v.bill_interval, s.status,
        s.current_period_start, s.current_period_end, s.quota_period_start, s.quota_period_end, s.trial_end, s.cancel_at_period_end,
        npl.code AS pending_plan, s.ended_at, v.included_requests, (v.overage_minor_per_1000 IS NULL) AS hard_stop, v.max_applications,
        COALESCE((SELECT q.used FROM quota_usage q WHERE q.subscription_id = s.id AND q.period_start = s.quota_period_start), 0) AS used,
        (SELECT CAST(COUNT(*) AS BIGINT) FROM applications a WHERE a.subscription_id = s.id AND a.status NOT IN ('deleting', 'deleted')) AS applications,
        s.created_at";
const FROM: &str = "FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id JOIN products p ON p.id = s.product_id
    JOIN plan_versions v ON v.id = s.plan_version_id JOIN plans pl ON pl.id = v.plan_id
    LEFT JOIN plan_versions nv ON nv.id = s.pending_plan_version_id LEFT JOIN plans npl ON npl.id = nv.plan_id";

pub(super) async fn view(db: &Db, tenant: TenantId, id: SubscriptionId) -> Result<Option<SubscriptionView>> {
    let row: Option<ViewRow> = read!(db, c => sqlx::query_as(&format!("{COLUMNS} {FROM} WHERE s.tenant_id = $1 AND s.id = $2"))
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(super) async fn view_within(tx: &mut Tx, tenant: TenantId, id: SubscriptionId) -> Result<Option<SubscriptionView>> {
    let row: Option<ViewRow> = within!(tx, c => sqlx::query_as(&format!("{COLUMNS} {FROM} WHERE s.tenant_id = $1 AND s.id = $2"))
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

const SORTING: Sorting = Sorting {
    id: "s.id",
    default: Column::created("s.id"),
    others: &[
        Column::text("product", "LOWER(p.name)"),
        Column::text("tenant", "LOWER(t.name)"),
        Column::text("plan", "LOWER(v.name)"),
        Column::text("status", "s.status"),
        Column::time("period_end", "s.current_period_end"),
    ],
};

/// A tenant's subscriptions, or with none everybody's.
pub(super) async fn list(db: &Db, tenant: Option<TenantId>, query: &ListQuery) -> Result<List<SubscriptionView>> {
    const FILTER: &str = "WHERE ($1 IS NULL OR s.tenant_id = $1)
        AND ($2 IS NULL OR LOWER(p.name) LIKE $2 ESCAPE '\\' OR LOWER(t.name) LIKE $2 ESCAPE '\\' OR LOWER(v.name) LIKE $2 ESCAPE '\\')
        AND ($3 IS NULL OR s.status = $3)";
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FROM} {FILTER}"))
        .bind(tenant).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<ViewRow>> = read!(db, c => sqlx::query_as(&format!("{COLUMNS}, {} {FROM} {FILTER} {}", page.place(), page.rest(4)))
        .bind(tenant).bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

/// Whether the tenant has a live subscription to the product, and whether it ever had a trial.
pub(super) async fn history(tx: &mut Tx, tenant: TenantId, product: ProductId) -> Result<(bool, bool)> {
    let (live, tried): (i64, i64) = within!(tx, c => sqlx::query_as(
        "SELECT CAST(COUNT(CASE WHEN status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid') THEN 1 END) AS BIGINT),
                CAST(COUNT(trial_end) AS BIGINT)
         FROM subscriptions WHERE tenant_id = $1 AND product_id = $2").bind(tenant).bind(product).fetch_one(c))?;
    Ok((live > 0, tried > 0))
}

/// The latest ended subscription to the product whose quota's month is not over, and its anchor.
pub(super) async fn running_quota(
    tx: &mut Tx,
    tenant: TenantId,
    product: ProductId,
    now: DateTime<Utc>,
) -> Result<Option<(SubscriptionId, DateTime<Utc>)>> {
    within!(tx, c => sqlx::query_as(
        "SELECT id, anchor FROM subscriptions
         WHERE tenant_id = $1 AND product_id = $2 AND ended_at IS NOT NULL AND quota_period_start <= $3 AND quota_period_end > $3
         ORDER BY id DESC LIMIT 1").bind(tenant).bind(product).bind(now).fetch_optional(c))
}

/// What an ended subscription used of the month that the new one goes on with.
pub(super) async fn take_over_usage(tx: &mut Tx, ended: SubscriptionId, new: &Subscription) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO quota_usage (subscription_id, period_start, used)
             SELECT $1, period_start, used FROM quota_usage WHERE subscription_id = $2 AND period_start = $3"
        )
        .bind(new.id)
        .bind(ended)
        .bind(new.quota.start)
    )?;
    Ok(())
}

/// False when the tenant has a live subscription to the product: the unique index decides.
pub(super) async fn insert(tx: &mut Tx, new: &Subscription, now: DateTime<Utc>) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO subscriptions (id, tenant_id, product_id, plan_version_id, status, anchor, current_period_start, current_period_end,
                quota_period_start, quota_period_end, trial_end, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING"
        )
        .bind(new.id)
        .bind(new.tenant)
        .bind(new.product)
        .bind(new.plan.version)
        .bind(new.status.as_str())
        .bind(new.anchor)
        .bind(new.period.start)
        .bind(new.period.end)
        .bind(new.quota.start)
        .bind(new.quota.end)
        .bind(new.trial_end)
        .bind(now)
    )?;
    Ok(made == 1)
}

#[derive(FromRow)]
struct Row {
    id: SubscriptionId,
    tenant_id: TenantId,
    product_id: ProductId,
    plan_version_id: PlanVersionId,
    code: String,
    #[sqlx(try_from = "String")]
    bill_interval: PlanInterval,
    price_minor: i64,
    pending_plan_version_id: Option<PlanVersionId>,
    pending_code: Option<String>,
    pending_interval: Option<String>,
    pending_price_minor: Option<i64>,
    #[sqlx(try_from = "String")]
    status: SubscriptionStatus,
    anchor: DateTime<Utc>,
    current_period_start: DateTime<Utc>,
    current_period_end: DateTime<Utc>,
    quota_period_start: DateTime<Utc>,
    quota_period_end: DateTime<Utc>,
    trial_end: Option<DateTime<Utc>>,
    cancel_at_period_end: bool,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        let pending = row.pending_plan_version_id.zip(row.pending_code).zip(row.pending_price_minor);
        let pending_interval = row.pending_interval.and_then(|name| PlanInterval::from_name(&name)).unwrap_or(PlanInterval::Month);
        Self {
            id: row.id,
            tenant: row.tenant_id,
            product: row.product_id,
            plan: Terms { version: row.plan_version_id, code: row.code, interval: row.bill_interval, price_minor: row.price_minor },
            pending: pending.map(|((version, code), price_minor)| Terms { version, code, interval: pending_interval, price_minor }),
            status: row.status,
            anchor: row.anchor,
            period: Period { start: row.current_period_start, end: row.current_period_end },
            quota: Period { start: row.quota_period_start, end: row.quota_period_end },
            trial_end: row.trial_end,
            cancel_at_period_end: row.cancel_at_period_end,
            ended_at: row.ended_at,
        }
    }
}

const LIFE: &str = "SELECT s.id, s.tenant_id, s.product_id, s.plan_version_id, pl.code, v.bill_interval, v.price_minor,
        s.pending_plan_version_id, npl.code AS pending_code, nv.bill_interval AS pending_interval, nv.price_minor AS pending_price_minor,
        s.status, s.anchor, s.current_period_start, s.current_period_end, s.quota_period_start, s.quota_period_end, s.trial_end,
        s.cancel_at_period_end, s.ended_at
    FROM subscriptions s JOIN plan_versions v ON v.id = s.plan_version_id JOIN plans pl ON pl.id = v.plan_id
    LEFT JOIN plan_versions nv ON nv.id = s.pending_plan_version_id LEFT JOIN plans npl ON npl.id = nv.plan_id";

/// Reads a subscription and keeps others from writing it until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, tenant: TenantId, id: SubscriptionId) -> Result<Option<Subscription>> {
    execute!(tx, sqlx::query("UPDATE subscriptions SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id))?;
    let row: Option<Row> =
        within!(tx, c => sqlx::query_as(&format!("{LIFE} WHERE s.tenant_id = $1 AND s.id = $2")).bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

/// Subscriptions of all tenants that time has something for, the longest due first.
pub(super) async fn any_due(db: &Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<(TenantId, SubscriptionId)>> {
    read!(db, c => sqlx::query_as(
        "SELECT tenant_id, id FROM subscriptions
         WHERE status IN ('trialing', 'active', 'past_due') AND (current_period_end <= $1 OR quota_period_end <= $1)
         ORDER BY current_period_end, id LIMIT $2").bind(now).bind(limit).fetch_all(c))
}

/// Writes what became of a subscription; false when somebody moved it on in between.
pub(super) async fn save(tx: &mut Tx, before: &Subscription, after: &Subscription, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE subscriptions SET plan_version_id = $6, pending_plan_version_id = $7, status = $8, anchor = $9, current_period_start = $10,
                current_period_end = $11, quota_period_start = $12, quota_period_end = $13, trial_end = $14, cancel_at_period_end = $15,
                ended_at = $16, updated_at = $17
             WHERE tenant_id = $1 AND id = $2 AND status = $3 AND current_period_end = $4 AND quota_period_end = $5"
        )
        .bind(before.tenant)
        .bind(before.id)
        .bind(before.status.as_str())
        .bind(before.period.end)
        .bind(before.quota.end)
        .bind(after.plan.version)
        .bind(after.pending.as_ref().map(|plan| plan.version))
        .bind(after.status.as_str())
        .bind(after.anchor)
        .bind(after.period.start)
        .bind(after.period.end)
        .bind(after.quota.start)
        .bind(after.quota.end)
        .bind(after.trial_end)
        .bind(after.cancel_at_period_end)
        .bind(after.ended_at)
        .bind(now)
    )?;
    Ok(touched == 1)
}
