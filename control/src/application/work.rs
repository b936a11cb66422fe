//! What jobs read and write of applications. They work for the platform, so no tenant is named.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{ApplicationId, TenantId},
    status::{ApplicationStatus, DatabaseMode, SubscriptionStatus, TenantStatus},
};
use serde_json::{Map, Value};
use sqlx::{FromRow, types::Json};

use crate::{
    Result,
    store::{Db, Tx, execute, read, within},
};

/// An application with all that making, changing and deleting it needs.
#[derive(Debug, FromRow)]
pub(crate) struct Work {
    pub id: ApplicationId,
    pub tenant_id: TenantId,
    pub tenant_slug: String,
    #[sqlx(try_from = "String")]
    pub tenant_status: TenantStatus,
    pub slug: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub status: ApplicationStatus,
    pub ever_active: bool,
    pub config: Json<Map<String, Value>>,
    pub config_version: i64,
    pub told_plan: Option<String>,
    pub told_config_version: Option<i64>,
    pub product: String,
    pub plan: String,
    #[sqlx(try_from = "String")]
    pub subscription_status: SubscriptionStatus,
    pub service: Option<String>,
    pub service_name: Option<String>,
    pub base_urls: Option<Json<Vec<String>>>,
    pub lifecycle: Option<bool>,
    pub database_mode: Option<String>,
    pub creator: Option<String>,
}

impl Work {
    pub(crate) fn wants_database(&self) -> bool {
        self.database_mode.as_deref() == Some(DatabaseMode::Dedicated.as_str())
    }

    /// Whether its service is told of its life.
    pub(crate) fn has_lifecycle(&self) -> bool {
        self.lifecycle == Some(true) && self.service.is_some()
    }

    /// The service's name for people.
    pub(crate) fn service_title(&self) -> &str {
        self.service_name.as_deref().unwrap_or("The service")
    }
}

pub(crate) async fn any_get(db: &Db, id: ApplicationId) -> Result<Option<Work>> {
    read!(db, c => sqlx::query_as(
        "SELECT a.id, a.tenant_id, t.slug AS tenant_slug, t.status AS tenant_status, a.slug, a.name, a.status, a.ever_active, a.config,
            a.config_version, a.told_plan, a.told_config_version, p.slug AS product, n.code AS plan, s.status AS subscription_status,
            e.slug AS service, e.name AS service_name, e.base_urls, e.lifecycle, e.database_mode, u.email AS creator
         FROM applications a JOIN tenants t ON t.id = a.tenant_id JOIN products p ON p.id = a.product_id
         JOIN subscriptions s ON s.id = a.subscription_id JOIN plan_versions v ON v.id = s.plan_version_id JOIN plans n ON n.id = v.plan_id
         LEFT JOIN services e ON e.id = p.service_id LEFT JOIN users u ON u.id = a.created_by
         WHERE a.id = $1").bind(id).fetch_optional(c))
}

/// The configuration of a version; empty when it was never kept.
pub(crate) async fn any_config(db: &Db, id: ApplicationId, version: i64) -> Result<Map<String, Value>> {
    let config: Option<Json<Map<String, Value>>> = read!(db, c => sqlx::query_scalar(
        "SELECT config FROM application_configs WHERE application_id = $1 AND version = $2").bind(id).bind(version).fetch_optional(c))?;
    Ok(config.map(|Json(config)| config).unwrap_or_default())
}

/// Whether a step of its making was ever begun.
pub(crate) async fn any_step_begun(db: &Db, id: ApplicationId, step: &str) -> Result<bool> {
    let begun: i64 = read!(db, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM application_steps WHERE application_id = $1 AND step = $2 AND started_at IS NOT NULL")
        .bind(id).bind(step).fetch_one(c))?;
    Ok(begun > 0)
}

/// Compare-and-set of the status; false when it was not `from`.
pub(crate) async fn any_set_status(
    tx: &mut Tx,
    id: ApplicationId,
    from: ApplicationStatus,
    to: ApplicationStatus,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = $3, status_reason = $4, ever_active = (ever_active OR $3 = 'active'), updated_at = $5
             WHERE id = $1 AND status = $2"
        )
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(reason)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// Notes what the service was told and took.
pub(crate) async fn any_told(tx: &mut Tx, id: ApplicationId, plan: &str, config_version: i64) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE applications SET told_plan = $2, told_config_version = $3 WHERE id = $1")
            .bind(id)
            .bind(plan)
            .bind(config_version)
    )?;
    Ok(())
}

/// Whether configuration or plan have moved on since the service was told.
pub(crate) async fn any_is_behind(tx: &mut Tx, id: ApplicationId) -> Result<bool> {
    let behind: i64 = within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM applications a
         JOIN subscriptions s ON s.id = a.subscription_id
         JOIN plan_versions v ON v.id = s.plan_version_id
         JOIN plans n ON n.id = v.plan_id
         WHERE a.id = $1 AND (a.config_version <> a.told_config_version OR n.code <> a.told_plan)").bind(id).fetch_one(c))?;
    Ok(behind > 0)
}

/// Begins the deletion for good: nobody can keep it any more. True also when it was begun before.
pub(crate) async fn any_begin_deletion(tx: &mut Tx, id: ApplicationId, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = 'deleting', status_reason = NULL, delete_after = NULL, updated_at = $2
             WHERE id = $1 AND ((status IN ('deleting', 'suspended', 'failed') AND delete_after <= $2) OR (status = 'deleting' AND delete_after IS NULL))"
        )
        .bind(id)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// The row stays, for invoices and audit; what it was set to goes.
pub(crate) async fn any_bury(tx: &mut Tx, id: ApplicationId, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM application_configs WHERE application_id = $1").bind(id))?;
    execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET status = 'deleted', status_reason = NULL, suspended_by = NULL, config = $2, allowed_origins = '[]', updated_at = $3
             WHERE id = $1 AND status = 'deleting'"
        )
        .bind(id)
        .bind(Json(Map::new()))
        .bind(now)
    )?;
    Ok(())
}

/// The row of an application's database.
#[derive(Debug, FromRow)]
pub(crate) struct DatabaseRow {
    pub engine: String,
    pub name: String,
    pub url_sealed: Vec<u8>,
    pub ready_at: Option<DateTime<Utc>>,
}

pub(crate) async fn any_database(db: &Db, id: ApplicationId) -> Result<Option<DatabaseRow>> {
    read!(db, c => sqlx::query_as("SELECT engine, name, url_sealed, ready_at FROM application_databases WHERE application_id = $1")
        .bind(id).fetch_optional(c))
}

/// Writes the row unless there is one; what stands wins.
pub(crate) async fn any_insert_database(
    tx: &mut Tx,
    id: ApplicationId,
    engine: &str,
    name: &str,
    url_sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO application_databases (application_id, engine, name, url_sealed, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (application_id) DO NOTHING"
        )
        .bind(id)
        .bind(engine)
        .bind(name)
        .bind(url_sealed)
        .bind(now)
    )?;
    Ok(())
}

pub(crate) async fn any_database_ready(tx: &mut Tx, id: ApplicationId, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE application_databases SET ready_at = COALESCE(ready_at, $2) WHERE application_id = $1").bind(id).bind(now)
    )?;
    Ok(())
}

pub(crate) async fn any_remove_database(tx: &mut Tx, id: ApplicationId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM application_databases WHERE application_id = $1").bind(id))?;
    Ok(())
}

/// The first key's client id, for the timeline.
pub(crate) async fn any_first_key(tx: &mut Tx, id: ApplicationId) -> Result<Option<String>> {
    within!(tx, c => sqlx::query_scalar("SELECT client_id FROM api_keys WHERE application_id = $1 ORDER BY id LIMIT 1").bind(id).fetch_optional(c))
}
