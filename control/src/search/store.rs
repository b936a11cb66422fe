//! SQL of the search. Each statement goes through the memberships of the person who asks.

use mintreu_model::id::{TenantId, UserId};

use super::{FoundApplication, FoundKey, FoundProduct, FoundSubscription, FoundTenant, MOST};
use crate::{
    Result,
    store::{Db, read},
};

/// Whose search it is, where, and for what.
pub(super) struct Scope<'a> {
    pub user: UserId,
    /// One of their tenants, or all of them.
    pub tenant: Option<TenantId>,
    /// For LIKE, in lower case.
    pub pattern: &'a str,
}

/// One more than is shown, to know of it.
fn limit() -> i64 {
    i64::from(MOST) + 1
}

const MINE: &str = "EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = t.id AND m.user_id = $1) AND ($2 IS NULL OR t.id = $2)";

pub(super) async fn tenants(db: &Db, scope: &Scope<'_>) -> Result<Vec<FoundTenant>> {
    read!(db, c => sqlx::query_as(&format!(
        "SELECT t.id, t.slug, t.name FROM tenants t
         WHERE {MINE} AND (LOWER(t.name) LIKE $3 ESCAPE '\\' OR t.slug LIKE $3 ESCAPE '\\')
         ORDER BY LOWER(t.name), t.id LIMIT $4"))
        .bind(scope.user).bind(scope.tenant).bind(scope.pattern).bind(limit()).fetch_all(c))
}

pub(super) async fn applications(db: &Db, scope: &Scope<'_>) -> Result<Vec<FoundApplication>> {
    read!(db, c => sqlx::query_as(&format!(
        "SELECT t.slug AS tenant_slug, t.name AS tenant_name, a.slug, a.name, p.name AS product_name, a.status
         FROM applications a JOIN tenants t ON t.id = a.tenant_id JOIN products p ON p.id = a.product_id
         WHERE {MINE} AND a.status <> 'deleted' AND (LOWER(a.name) LIKE $3 ESCAPE '\\' OR a.slug LIKE $3 ESCAPE '\\')
         ORDER BY LOWER(a.name), a.id LIMIT $4"))
        .bind(scope.user).bind(scope.tenant).bind(scope.pattern).bind(limit()).fetch_all(c))
}

pub(super) async fn keys(db: &Db, scope: &Scope<'_>) -> Result<Vec<FoundKey>> {
    read!(db, c => sqlx::query_as(&format!(
        "SELECT k.id, t.slug AS tenant_slug, a.slug AS application_slug, a.name AS application_name, k.name, k.client_id
         FROM api_keys k JOIN applications a ON a.id = k.application_id JOIN tenants t ON t.id = k.tenant_id
         WHERE {MINE} AND a.status <> 'deleted' AND (LOWER(k.name) LIKE $3 ESCAPE '\\' OR k.client_id LIKE $3 ESCAPE '\\')
         ORDER BY LOWER(k.name), k.id LIMIT $4"))
        .bind(scope.user).bind(scope.tenant).bind(scope.pattern).bind(limit()).fetch_all(c))
}

pub(super) async fn subscriptions(db: &Db, scope: &Scope<'_>) -> Result<Vec<FoundSubscription>> {
    read!(db, c => sqlx::query_as(&format!(
        "SELECT s.id, t.slug AS tenant_slug, t.name AS tenant_name, p.name AS product_name, v.name AS plan_name, s.status
         FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id JOIN products p ON p.id = s.product_id
         JOIN plan_versions v ON v.id = s.plan_version_id
         WHERE {MINE} AND (LOWER(p.name) LIKE $3 ESCAPE '\\' OR LOWER(v.name) LIKE $3 ESCAPE '\\')
         ORDER BY LOWER(p.name), s.id DESC LIMIT $4"))
        .bind(scope.user).bind(scope.tenant).bind(scope.pattern).bind(limit()).fetch_all(c))
}

/// The catalogue is everybody's.
pub(super) async fn products(db: &Db, scope: &Scope<'_>) -> Result<Vec<FoundProduct>> {
    read!(db, c => sqlx::query_as(
        "SELECT p.slug, p.name, p.summary FROM products p
         WHERE p.status = 'published' AND (LOWER(p.name) LIKE $1 ESCAPE '\\' OR p.slug LIKE $1 ESCAPE '\\')
         ORDER BY LOWER(p.name), p.id LIMIT $2")
        .bind(scope.pattern).bind(limit()).fetch_all(c))
}
