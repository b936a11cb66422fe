//! SQL of the audit log.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{AuditId, TenantId},
    list::{List, ListQuery},
    view::AuditView,
};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::Entry;
use crate::{
    Actor, Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read},
};

pub(crate) async fn insert(tx: &mut Tx, id: AuditId, at: DateTime<Utc>, actor: Option<&Actor>, entry: Entry<'_>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO audit_entries (id, at, tenant_id, actor_id, actor, action, target_kind, target_id, target_name, before_state, after_state, address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        )
        .bind(id)
        .bind(at)
        .bind(entry.tenant)
        .bind(actor.map(|actor| actor.user_id))
        .bind(actor.map_or("platform", |actor| &actor.email))
        .bind(entry.action)
        .bind(entry.target_kind)
        .bind(&entry.target_id)
        .bind(entry.target_name)
        .bind(entry.before.as_ref().map(Json))
        .bind(entry.after.as_ref().map(Json))
        .bind(actor.and_then(|actor| actor.address).map(|address| address.to_string()))
    )?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: AuditId,
    at: DateTime<Utc>,
    actor: String,
    action: String,
    target_kind: String,
    target_id: String,
    target_name: String,
    tenant_name: Option<String>,
    before_state: Option<Json<Value>>,
    after_state: Option<Json<Value>>,
    address: Option<String>,
}

const FILTER: &str = "FROM audit_entries a LEFT JOIN tenants t ON t.id = a.tenant_id
    WHERE ($1 IS NULL OR a.tenant_id = $1)
      AND ($2 IS NULL OR LOWER(a.actor) LIKE $2 ESCAPE '\\' OR LOWER(a.action) LIKE $2 ESCAPE '\\' OR LOWER(a.target_name) LIKE $2 ESCAPE '\\')
      AND ($3 IS NULL OR a.target_kind = $3)";

const SORTING: Sorting = Sorting { id: "a.id", default: Column::created("a.id"), others: &[] };

/// `tenant` none lists everybody's. `status` of the query filters by the kind of the target.
pub(crate) async fn list(db: &Db, tenant: Option<TenantId>, query: &ListQuery) -> Result<List<AuditView>> {
    let (pattern, kind) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FILTER}"))
        .bind(tenant).bind(&pattern).bind(kind).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&format!(
        "SELECT a.id, a.at, a.actor, a.action, a.target_kind, a.target_id, a.target_name, t.name AS tenant_name,
                a.before_state, a.after_state, a.address, {} {FILTER} {}", page.place(), page.rest(4)))
        .bind(tenant).bind(&pattern).bind(kind).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, |row| AuditView {
        id: row.id,
        at: row.at,
        actor: row.actor,
        action: row.action,
        target_kind: row.target_kind,
        target_id: row.target_id,
        target_name: row.target_name,
        tenant_name: row.tenant_name,
        before: row.before_state.map(|Json(state)| state),
        after: row.after_state.map(|Json(state)| state),
        address: row.address,
    }))
}
