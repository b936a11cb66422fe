//! SQL of applications, their configurations and steps.

use chrono::{DateTime, Utc};
use mintreu_model::{
    form::may_be_slug,
    id::{ApplicationId, ProductId, StepId, SubscriptionId, TenantId, UserId},
    list::{List, ListQuery},
    status::{ApplicationStatus, DatabaseMode, ProductKind, StepStatus, SubscriptionStatus},
    view::{ApplicationView, ConfigVersionView, StepView},
};
use serde_json::{Map, Value};
use sqlx::{FromRow, types::Json};

use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

#[derive(FromRow)]
struct Row {
    id: ApplicationId,
    slug: String,
    name: String,
    tenant_id: TenantId,
    tenant_name: String,
    tenant_slug: String,
    subscription_id: SubscriptionId,
    product: String,
    product_name: String,
    plan: String,
    plan_name: String,
    #[sqlx(try_from = "String")]
    status: ApplicationStatus,
    status_reason: Option<String>,
    config: Json<Map<String, Value>>,
    config_version: i64,
    allowed_origins: Json<Vec<String>>,
    engine: Option<String>,
    delete_after: Option<DateTime<Utc>>,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn view(self, gateway_url: &str) -> ApplicationView {
        ApplicationView {
            id: self.id,
            slug: self.slug,
            name: self.name,
            tenant: self.tenant_id,
            tenant_name: self.tenant_name,
            tenant_slug: self.tenant_slug,
            subscription: self.subscription_id,
            endpoint: format!("{gateway_url}/products/{}", self.product),
            product: self.product,
            product_name: self.product_name,
            plan: self.plan,
            plan_name: self.plan_name,
            status: self.status,
            status_reason: self.status_reason,
            config: self.config.0,
            config_version: self.config_version,
            allowed_origins: self.allowed_origins.0,
            database: self.engine,
            delete_after: self.delete_after,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

const COLUMNS: &str = "SELECT a.id, a.slug, a.name, a.tenant_id, t.name AS tenant_name, t.slug AS tenant_slug, a.subscription_id,
    p.slug AS product, p.name AS product_name, n.code AS plan, v.name AS plan_name, a.status, a.status_reason, a.config, a.config_version,
    a.allowed_origins, d.engine, a.delete_after, u.name AS created_by, a.created_at, a.updated_at";

const JOINS: &str = "FROM applications a
    JOIN tenants t ON t.id = a.tenant_id
    JOIN products p ON p.id = a.product_id
    JOIN subscriptions s ON s.id = a.subscription_id
    JOIN plan_versions v ON v.id = s.plan_version_id
    JOIN plans n ON n.id = v.plan_id
    LEFT JOIN application_databases d ON d.application_id = a.id
    LEFT JOIN users u ON u.id = a.created_by";

pub(crate) async fn get(db: &Db, gateway: &str, tenant: TenantId, id: ApplicationId) -> Result<Option<ApplicationView>> {
    let row: Option<Row> = read!(db, c => sqlx::query_as(&format!("{COLUMNS} {JOINS} WHERE a.tenant_id = $1 AND a.id = $2"))
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(|row| row.view(gateway)))
}

pub(crate) async fn get_by_slug(db: &Db, gateway: &str, tenant: TenantId, slug: &str) -> Result<Option<ApplicationView>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    let row: Option<Row> = read!(db, c => sqlx::query_as(&format!("{COLUMNS} {JOINS} WHERE a.tenant_id = $1 AND a.slug = $2"))
        .bind(tenant).bind(slug).fetch_optional(c))?;
    Ok(row.map(|row| row.view(gateway)))
}

pub(crate) async fn get_any(db: &Db, gateway: &str, id: ApplicationId) -> Result<Option<ApplicationView>> {
    let row: Option<Row> = read!(db, c => sqlx::query_as(&format!("{COLUMNS} {JOINS} WHERE a.id = $1")).bind(id).fetch_optional(c))?;
    Ok(row.map(|row| row.view(gateway)))
}

pub(crate) async fn get_within(tx: &mut Tx, gateway: &str, tenant: TenantId, id: ApplicationId) -> Result<Option<ApplicationView>> {
    let row: Option<Row> = within!(tx, c => sqlx::query_as(&format!("{COLUMNS} {JOINS} WHERE a.tenant_id = $1 AND a.id = $2"))
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(|row| row.view(gateway)))
}

const SORTING: Sorting = Sorting {
    id: "a.id",
    default: Column::created("a.id"),
    others: &[
        Column::text("name", "LOWER(a.name)"),
        Column::text("status", "a.status"),
        Column::text("tenant", "LOWER(t.name)"),
        Column::text("product", "p.slug"),
    ],
};

/// `tenant` none lists everybody's. Those that are gone are listed only when asked for.
pub(crate) async fn list_any(db: &Db, gateway: &str, tenant: Option<TenantId>, query: &ListQuery) -> Result<List<ApplicationView>> {
    const FILTER: &str = "WHERE ($1 IS NULL OR a.tenant_id = $1)
        AND ($2 IS NULL OR LOWER(a.name) LIKE $2 ESCAPE '\\' OR a.slug LIKE $2 ESCAPE '\\' OR LOWER(t.name) LIKE $2 ESCAPE '\\')
        AND (a.status = $3 OR ($3 IS NULL AND a.status <> 'deleted'))";
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {JOINS} {FILTER}"))
        .bind(tenant).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&format!("{COLUMNS}, {} {JOINS} {FILTER} {}", page.place(), page.rest(4)))
        .bind(tenant).bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, |row| row.view(gateway)))
}

/// What a new application hangs on.
#[derive(FromRow)]
pub(crate) struct Ground {
    pub subscription_id: SubscriptionId,
    #[sqlx(try_from = "String")]
    pub status: SubscriptionStatus,
    pub product_id: ProductId,
    pub product_name: String,
    #[sqlx(try_from = "String")]
    pub product_kind: ProductKind,
    pub config_schema: Option<Json<Value>>,
    pub max_applications: i64,
    pub service_name: Option<String>,
    pub lifecycle: Option<bool>,
    pub database_mode: Option<String>,
    /// Applications that count against `max_applications`.
    pub applications: i64,
}

impl Ground {
    pub(crate) fn wants_database(&self) -> bool {
        self.database_mode.as_deref() == Some(DatabaseMode::Dedicated.as_str())
    }
}

/// Locks the live subscription to a product, so that applications are counted one after the other.
pub(crate) async fn lock_ground(tx: &mut Tx, tenant: TenantId, product: &str) -> Result<Option<Ground>> {
    if !may_be_slug(product) {
        return Ok(None);
    }
    let locked: Option<SubscriptionId> = within!(tx, c => sqlx::query_scalar(
        "UPDATE subscriptions SET updated_at = updated_at
         WHERE tenant_id = $1 AND product_id = (SELECT id FROM products WHERE slug = $2)
           AND status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid') RETURNING id")
        .bind(tenant).bind(product).fetch_optional(c))?;
    match locked {
        Some(id) => ground(tx, tenant, id).await,
        None => Ok(None),
    }
}

/// The same for the subscription that an application has, live or not.
pub(crate) async fn lock_ground_of(tx: &mut Tx, tenant: TenantId, application: ApplicationId) -> Result<Option<Ground>> {
    let locked: Option<SubscriptionId> = within!(tx, c => sqlx::query_scalar(
        "UPDATE subscriptions SET updated_at = updated_at
         WHERE tenant_id = $1 AND id = (SELECT subscription_id FROM applications WHERE tenant_id = $1 AND id = $2) RETURNING id")
        .bind(tenant).bind(application).fetch_optional(c))?;
    match locked {
        Some(id) => ground(tx, tenant, id).await,
        None => Ok(None),
    }
}

async fn ground(tx: &mut Tx, tenant: TenantId, subscription: SubscriptionId) -> Result<Option<Ground>> {
    within!(tx, c => sqlx::query_as(
        "SELECT s.id AS subscription_id, s.status, s.product_id, p.name AS product_name, p.kind AS product_kind, p.config_schema,
            v.max_applications, e.name AS service_name, e.lifecycle, e.database_mode,
            (SELECT CAST(COUNT(*) AS BIGINT) FROM applications a WHERE a.subscription_id = s.id AND a.status NOT IN ('deleting', 'deleted')) AS applications
         FROM subscriptions s JOIN products p ON p.id = s.product_id JOIN plan_versions v ON v.id = s.plan_version_id
         LEFT JOIN services e ON e.id = p.service_id
         WHERE s.tenant_id = $1 AND s.id = $2").bind(tenant).bind(subscription).fetch_optional(c))
}

/// A new row; the rest of its columns has defaults.
pub(crate) struct New<'a> {
    pub id: ApplicationId,
    pub tenant: TenantId,
    pub subscription: SubscriptionId,
    pub product: ProductId,
    pub slug: &'a str,
    pub name: &'a str,
    pub config: &'a Map<String, Value>,
    pub created_by: UserId,
}

pub(crate) async fn insert(tx: &mut Tx, new: &New<'_>, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO applications (id, tenant_id, subscription_id, product_id, slug, name, status, config, created_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'provisioning', $7, $8, $9, $9)"
        )
        .bind(new.id)
        .bind(new.tenant)
        .bind(new.subscription)
        .bind(new.product)
        .bind(new.slug)
        .bind(new.name)
        .bind(Json(new.config))
        .bind(new.created_by)
        .bind(now)
    )?;
    insert_config(tx, new.id, 1, new.config, new.created_by, now).await
}

pub(crate) async fn insert_config(
    tx: &mut Tx,
    id: ApplicationId,
    version: i64,
    config: &Map<String, Value>,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO application_configs (application_id, version, config, changed_by, created_at) VALUES ($1, $2, $3, $4, $5)"
        )
        .bind(id)
        .bind(version)
        .bind(Json(config))
        .bind(by)
        .bind(now)
    )?;
    Ok(())
}

#[derive(FromRow)]
struct ConfigRow {
    version: i64,
    config: Json<Map<String, Value>>,
    changed_by: Option<String>,
    created_at: DateTime<Utc>,
}

/// Versions of the configuration, newest first.
pub(crate) async fn configs(db: &Db, tenant: TenantId, id: ApplicationId) -> Result<Vec<ConfigVersionView>> {
    let rows: Vec<ConfigRow> = read!(db, c => sqlx::query_as(
        "SELECT f.version, f.config, u.name AS changed_by, f.created_at FROM application_configs f
         JOIN applications a ON a.id = f.application_id LEFT JOIN users u ON u.id = f.changed_by
         WHERE a.tenant_id = $1 AND a.id = $2 ORDER BY f.version DESC LIMIT 200").bind(tenant).bind(id).fetch_all(c))?;
    Ok(rows
        .into_iter()
        .map(|row| ConfigVersionView { version: row.version, config: row.config.0, changed_by: row.changed_by, created_at: row.created_at })
        .collect())
}

pub(crate) async fn rename(tx: &mut Tx, tenant: TenantId, id: ApplicationId, name: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE applications SET name = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .bind(name)
            .bind(now)
    )?;
    Ok(())
}

/// Sets a new configuration and gives its version.
pub(crate) async fn set_config(
    tx: &mut Tx,
    tenant: TenantId,
    id: ApplicationId,
    config: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<i64> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE applications SET config = $3, config_version = config_version + 1, updated_at = $4 WHERE tenant_id = $1 AND id = $2
         RETURNING config_version").bind(tenant).bind(id).bind(Json(config)).bind(now).fetch_one(c))
}

pub(crate) async fn set_origins(tx: &mut Tx, tenant: TenantId, id: ApplicationId, origins: &[String], now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE applications SET allowed_origins = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .bind(Json(origins))
            .bind(now)
    )?;
    Ok(())
}

/// What applications allow, with their products; those that allow nothing are left out.
pub(crate) async fn any_origins(db: &Db) -> Result<Vec<(ProductId, Json<Vec<String>>)>> {
    read!(db, c => sqlx::query_as("SELECT product_id, allowed_origins FROM applications WHERE allowed_origins <> '[]'").fetch_all(c))
}

/// One step of a timeline, as it is planned.
pub(crate) struct NewStep<'a> {
    pub step: &'a str,
    pub position: i64,
    pub title: &'a str,
}

/// Plans a step, anew when it is there.
pub(crate) async fn plan_step(tx: &mut Tx, step_id: StepId, id: ApplicationId, step: &NewStep<'_>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO application_steps (id, application_id, step, position, title, status) VALUES ($1, $2, $3, $4, $5, 'pending')
             ON CONFLICT (application_id, step) DO UPDATE SET title = excluded.title, status = 'pending', detail = NULL,
                started_at = NULL, finished_at = NULL"
        )
        .bind(step_id)
        .bind(id)
        .bind(step.step)
        .bind(step.position)
        .bind(step.title)
    )?;
    Ok(())
}

/// Moves a step on. What is done stays done until it is planned anew.
pub(crate) async fn set_step(
    tx: &mut Tx,
    id: ApplicationId,
    step: &str,
    status: StepStatus,
    detail: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let ended = matches!(status, StepStatus::Done | StepStatus::Failed);
    execute!(
        tx,
        sqlx::query(
            "UPDATE application_steps SET status = $3, detail = $4, finished_at = $6,
                started_at = CASE WHEN status = 'pending' THEN $5 ELSE COALESCE(started_at, $5) END
             WHERE application_id = $1 AND step = $2 AND status <> 'done'"
        )
        .bind(id)
        .bind(step)
        .bind(status.as_str())
        .bind(detail)
        .bind(now)
        .bind(ended.then_some(now))
    )?;
    Ok(())
}

/// Fails what is under way, leaves what is done.
pub(crate) async fn fail_running_steps(tx: &mut Tx, id: ApplicationId, detail: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE application_steps SET status = 'failed', detail = $2, finished_at = $3 WHERE application_id = $1 AND status = 'running'"
        )
        .bind(id)
        .bind(detail)
        .bind(now)
    )?;
    Ok(())
}

/// Fails a step that waits or is under way.
pub(crate) async fn fail_open_step(tx: &mut Tx, id: ApplicationId, step: &str, detail: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE application_steps SET status = 'failed', detail = $3, started_at = COALESCE(started_at, $4), finished_at = $4
             WHERE application_id = $1 AND step = $2 AND status IN ('pending', 'running')"
        )
        .bind(id)
        .bind(step)
        .bind(detail)
        .bind(now)
    )?;
    Ok(())
}

/// Makes the steps of a failed application wait again. That one was begun before stays known: the
/// service may hold something of it.
pub(crate) async fn reset_steps(tx: &mut Tx, id: ApplicationId) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE application_steps SET status = 'pending', detail = NULL, finished_at = NULL
             WHERE application_id = $1 AND (status <> 'done' OR step = 'plan')"
        )
        .bind(id)
    )?;
    Ok(())
}

#[derive(FromRow)]
struct StepRow {
    id: StepId,
    step: String,
    title: String,
    #[sqlx(try_from = "String")]
    status: StepStatus,
    detail: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

/// Steps in order; the caller has seen that the application is the actor's.
pub(crate) async fn any_steps(db: &Db, id: ApplicationId) -> Result<Vec<StepView>> {
    let rows: Vec<StepRow> = read!(db, c => sqlx::query_as(
        "SELECT id, step, title, status, detail, started_at, finished_at FROM application_steps WHERE application_id = $1 ORDER BY position, id")
        .bind(id).fetch_all(c))?;
    Ok(rows
        .into_iter()
        .map(|row| StepView {
            id: row.id,
            step: row.step,
            title: row.title,
            status: row.status,
            detail: row.detail,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
        .collect())
}

pub(crate) async fn suspend(tx: &mut Tx, tenant: TenantId, id: ApplicationId, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = 'suspended', suspended_by = 'tenant', updated_at = $3
             WHERE tenant_id = $1 AND id = $2 AND status = 'active'"
        )
        .bind(tenant)
        .bind(id)
        .bind(now)
    )?;
    Ok(touched == 1)
}

pub(crate) async fn resume(tx: &mut Tx, tenant: TenantId, id: ApplicationId, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = 'active', suspended_by = NULL, status_reason = NULL, delete_after = NULL, updated_at = $3
             WHERE tenant_id = $1 AND id = $2 AND status = 'suspended' AND ever_active"
        )
        .bind(tenant)
        .bind(id)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// Begins the grace before an application goes: `grace_end` where its service ever had it ready,
/// at once where there is nothing to keep. Gives the time, none when it is being deleted already.
pub(crate) async fn condemn(
    tx: &mut Tx,
    tenant: TenantId,
    id: ApplicationId,
    grace_end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE applications SET status = 'deleting', delete_after = CASE WHEN ever_active THEN $3 ELSE $4 END, updated_at = $4
         WHERE tenant_id = $1 AND id = $2 AND status NOT IN ('deleting', 'deleted') RETURNING delete_after")
        .bind(tenant).bind(id).bind(grace_end).bind(now).fetch_optional(c))
}

/// Ends every grace of a tenant that goes; those whose deletion now begins.
pub(crate) async fn condemn_all(tx: &mut Tx, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<ApplicationId>> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE applications SET status = 'deleting', delete_after = $2, updated_at = $2
         WHERE tenant_id = $1 AND status <> 'deleted' AND NOT (status = 'deleting' AND delete_after IS NULL) RETURNING id")
        .bind(tenant).bind(now).fetch_all(c))
}

/// Takes a deletion back while the grace lasts.
pub(crate) async fn keep(tx: &mut Tx, tenant: TenantId, id: ApplicationId, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = CASE WHEN suspended_by = 'tenant' THEN 'suspended' ELSE 'active' END,
                suspended_by = CASE WHEN suspended_by = 'tenant' THEN suspended_by ELSE NULL END, delete_after = NULL, updated_at = $3
             WHERE tenant_id = $1 AND id = $2 AND status = 'deleting' AND delete_after > $3 AND ever_active"
        )
        .bind(tenant)
        .bind(id)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// Applications whose grace is over and whose deletion has not begun.
pub(crate) async fn any_due_for_deletion(db: &Db, now: DateTime<Utc>) -> Result<Vec<ApplicationId>> {
    read!(db, c => sqlx::query_scalar(
        "SELECT id FROM applications WHERE status IN ('deleting', 'suspended', 'failed') AND delete_after <= $1 ORDER BY id LIMIT 200")
        .bind(now).fetch_all(c))
}
