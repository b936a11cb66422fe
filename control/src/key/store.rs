//! SQL of keys.

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, TenantId},
    list::{List, ListQuery},
    route::Scope,
    status::KeyStatus,
    view::KeyView,
};
use sqlx::{FromRow, types::Json};

use super::Draft;
use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

/// How long before its end a key is shown as expiring.
const EXPIRING: TimeDelta = TimeDelta::days(7);

#[derive(FromRow)]
struct Row {
    id: ApiKeyId,
    name: String,
    client_id: String,
    secret_last_four: String,
    scopes: Json<Vec<Scope>>,
    allowed_ips: Json<Vec<IpNet>>,
    #[sqlx(try_from = "String")]
    status: KeyStatus,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for KeyView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            client_id: row.client_id,
            secret_last_four: row.secret_last_four,
            scopes: row.scopes.0,
            allowed_ips: row.allowed_ips.0,
            status: row.status,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// `$1` tenant, `$2` application, `$3` now, `$4` the time until which a key counts as expiring.
const KEYS: &str = "SELECT k.id, k.name, k.client_id, k.secret_last_four, k.scopes, k.allowed_ips, k.expires_at, k.last_used_at,
        u.name AS created_by, k.created_at,
        CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= $3 THEN 'expired'
             WHEN k.expires_at <= $4 THEN 'expiring' ELSE 'active' END AS status
    FROM api_keys k LEFT JOIN users u ON u.id = k.created_by WHERE k.tenant_id = $1 AND k.application_id = $2";

pub(crate) async fn get(
    db: &Db,
    tenant: TenantId,
    application: ApplicationId,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<KeyView>> {
    let row: Option<Row> = read!(db, c => sqlx::query_as(&format!("{KEYS} AND k.id = $5"))
        .bind(tenant).bind(application).bind(now).bind(now + EXPIRING).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(crate) async fn get_within(
    tx: &mut Tx,
    tenant: TenantId,
    application: ApplicationId,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<KeyView>> {
    let row: Option<Row> = within!(tx, c => sqlx::query_as(&format!("{KEYS} AND k.id = $5"))
        .bind(tenant).bind(application).bind(now).bind(now + EXPIRING).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

const SORTING: Sorting = Sorting {
    id: "k.id",
    default: Column::created("k.id"),
    others: &[
        Column::text("name", "LOWER(k.name)"),
        // What never expires comes last.
        Column::time("expires", "COALESCE(k.expires_at, '9999-12-31T00:00:00+00:00')"),
        Column::text("status", "k.status"),
    ],
};

pub(crate) async fn list(
    db: &Db,
    tenant: TenantId,
    application: ApplicationId,
    query: &ListQuery,
    now: DateTime<Utc>,
) -> Result<List<KeyView>> {
    let filtered = format!(
        "FROM ({KEYS}) k WHERE ($5 IS NULL OR LOWER(k.name) LIKE $5 ESCAPE '\\' OR k.client_id LIKE $5 ESCAPE '\\') AND ($6 IS NULL OR k.status = $6)"
    );
    let (pattern, status, soon) = (query.pattern(), query.status(), now + EXPIRING);
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {filtered}"))
        .bind(tenant).bind(application).bind(now).bind(soon).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&format!("SELECT k.*, {} {filtered} {}", page.place(), page.rest(7)))
        .bind(tenant).bind(application).bind(now).bind(soon).bind(&pattern).bind(status)
        .bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

/// Whether the tenant has this application, in any state.
pub(crate) async fn application_is_there(db: &Db, tenant: TenantId, application: ApplicationId) -> Result<bool> {
    let found: i64 = read!(db, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE tenant_id = $1 AND id = $2")
        .bind(tenant).bind(application).fetch_one(c))?;
    Ok(found == 1)
}

/// Locks the application's row and counts its live keys; none when it is not there or being deleted.
pub(crate) async fn lock_and_count(tx: &mut Tx, tenant: TenantId, application: ApplicationId, now: DateTime<Utc>) -> Result<Option<i64>> {
    let locked = execute!(
        tx,
        sqlx::query(
            "UPDATE applications SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2 AND status NOT IN ('deleting', 'deleted')"
        )
        .bind(tenant)
        .bind(application)
    )?;
    if locked == 0 {
        return Ok(None);
    }
    within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM api_keys
         WHERE tenant_id = $1 AND application_id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)")
        .bind(tenant).bind(application).bind(now).fetch_one(c))
    .map(Some)
}

pub(crate) async fn insert(
    tx: &mut Tx,
    draft: &Draft<'_>,
    id: ApiKeyId,
    client_id: &str,
    secret_hash: &[u8],
    last_four: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO api_keys (id, tenant_id, application_id, name, client_id, secret_hash, secret_last_four, scopes, allowed_ips,
                expires_at, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        )
        .bind(id)
        .bind(draft.tenant)
        .bind(draft.application)
        .bind(draft.name)
        .bind(client_id)
        .bind(secret_hash)
        .bind(last_four)
        .bind(Json(draft.scopes))
        .bind(Json(draft.allowed_ips))
        .bind(draft.expires_at)
        .bind(draft.created_by)
        .bind(now)
    )?;
    Ok(())
}

/// The name of the key that is revoked now; none when it was before.
pub(crate) async fn revoke(
    tx: &mut Tx,
    tenant: TenantId,
    application: ApplicationId,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE api_keys SET revoked_at = $4 WHERE tenant_id = $1 AND application_id = $2 AND id = $3 AND revoked_at IS NULL RETURNING name")
        .bind(tenant).bind(application).bind(id).bind(now).fetch_optional(c))
}

/// Lets a live key end at `until`, unless it ends sooner; false when it is not live.
pub(crate) async fn expire(
    tx: &mut Tx,
    tenant: TenantId,
    application: ApplicationId,
    id: ApiKeyId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE api_keys SET expires_at = CASE WHEN expires_at < $5 THEN expires_at ELSE $5 END
             WHERE tenant_id = $1 AND application_id = $2 AND id = $3 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)"
        )
        .bind(tenant)
        .bind(application)
        .bind(id)
        .bind(now)
        .bind(until)
    )?;
    Ok(touched == 1)
}

pub(crate) async fn touch_any(tx: &mut Tx, id: ApiKeyId, at: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
            .bind(id)
            .bind(at)
    )?;
    Ok(())
}

/// Revokes every key of an application that is gone, and forgets the hashes.
pub(crate) async fn forget(tx: &mut Tx, application: ApplicationId, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2), secret_hash = $3 WHERE application_id = $1")
            .bind(application)
            .bind(now)
            .bind(Vec::<u8>::new())
    )?;
    Ok(())
}
