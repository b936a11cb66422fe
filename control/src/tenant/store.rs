//! SQL of tenants, memberships and invitations.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    form::{may_be_slug, usage::Span},
    id::{InvitationId, TenantId, UserId},
    list::{List, ListQuery},
    role::{Permission, Role},
    status::{InvitationStatus, TenantStatus},
    view::{InvitationOffer, InvitationView, MemberView, TenantRow, TenantView},
};
use sqlx::FromRow;

use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
    usage::read::requests_by_tenant,
};

#[derive(FromRow)]
struct Row {
    id: TenantId,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    status: TenantStatus,
    status_reason: Option<String>,
    delete_after: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Row> for TenantView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            status: row.status,
            status_reason: row.status_reason,
            delete_after: row.delete_after,
            created_at: row.created_at,
        }
    }
}

/// A role as text of the database; an unknown one may do the least.
fn role(text: &str) -> Role {
    Role::from_name(text).unwrap_or(Role::Viewer)
}

const COLUMNS: &str = "t.id, t.slug, t.name, t.status, t.status_reason, t.delete_after, t.created_at";

#[derive(FromRow)]
struct MembershipRow {
    #[sqlx(flatten)]
    tenant: Row,
    role: String,
}

pub(crate) async fn membership(db: &Db, tenant: TenantId, user: UserId) -> Result<Option<(TenantView, Role)>> {
    let row: Option<MembershipRow> = read!(db, c => sqlx::query_as(&format!(
        "SELECT {COLUMNS}, m.role FROM tenants t JOIN memberships m ON m.tenant_id = t.id WHERE t.id = $1 AND m.user_id = $2"))
        .bind(tenant).bind(user).fetch_optional(c))?;
    Ok(row.map(|row| (row.tenant.into(), role(&row.role))))
}

pub(crate) async fn membership_by_slug(db: &Db, slug: &str, user: UserId) -> Result<Option<(TenantView, Role)>> {
    if !may_be_slug(slug) {
        return Ok(None);
    }
    let row: Option<MembershipRow> = read!(db, c => sqlx::query_as(&format!(
        "SELECT {COLUMNS}, m.role FROM tenants t JOIN memberships m ON m.tenant_id = t.id WHERE t.slug = $1 AND m.user_id = $2"))
        .bind(slug).bind(user).fetch_optional(c))?;
    Ok(row.map(|row| (row.tenant.into(), role(&row.role))))
}

pub(crate) async fn memberships(db: &Db, user: UserId) -> Result<Vec<(TenantView, Role)>> {
    let rows: Vec<MembershipRow> = read!(db, c => sqlx::query_as(&format!(
        "SELECT {COLUMNS}, m.role FROM tenants t JOIN memberships m ON m.tenant_id = t.id WHERE m.user_id = $1 ORDER BY LOWER(t.name), t.id LIMIT 200"))
        .bind(user).fetch_all(c))?;
    Ok(rows.into_iter().map(|row| (row.tenant.into(), role(&row.role))).collect())
}

pub(crate) async fn get(db: &Db, id: TenantId) -> Result<Option<TenantView>> {
    let row: Option<Row> =
        read!(db, c => sqlx::query_as(&format!("SELECT {COLUMNS} FROM tenants t WHERE t.id = $1")).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(crate) async fn get_within(tx: &mut Tx, id: TenantId) -> Result<Option<TenantView>> {
    let row: Option<Row> =
        within!(tx, c => sqlx::query_as(&format!("SELECT {COLUMNS} FROM tenants t WHERE t.id = $1")).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(crate) async fn insert(tx: &mut Tx, tenant: &TenantView) -> Result<()> {
    execute!(
        tx,
        sqlx::query("INSERT INTO tenants (id, slug, name, status, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)")
            .bind(tenant.id)
            .bind(&tenant.slug)
            .bind(&tenant.name)
            .bind(tenant.status.as_str())
            .bind(tenant.created_at)
    )?;
    Ok(())
}

pub(crate) async fn rename(tx: &mut Tx, id: TenantId, name: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE tenants SET name = $2, updated_at = $3 WHERE id = $1").bind(id).bind(name).bind(now))?;
    Ok(())
}

/// Takes a deletion back whose grace is not over; false when there is none.
pub(crate) async fn keep(tx: &mut Tx, id: TenantId, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE tenants SET status = 'active', status_reason = NULL, delete_after = NULL, updated_at = $2
             WHERE id = $1 AND status = 'deleting' AND delete_after > $2"
        )
        .bind(id)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// Keeps others from writing a tenant that is being deleted until the transaction ends; false when
/// it is not.
pub(crate) async fn lock_deleting(tx: &mut Tx, id: TenantId) -> Result<bool> {
    let touched = execute!(tx, sqlx::query("UPDATE tenants SET updated_at = updated_at WHERE id = $1 AND status = 'deleting'").bind(id))?;
    Ok(touched == 1)
}

/// Compare-and-set of the status; false when it was not `from`.
pub(crate) async fn set_status(
    tx: &mut Tx,
    id: TenantId,
    from: TenantStatus,
    to: TenantStatus,
    reason: Option<&str>,
    delete_after: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query("UPDATE tenants SET status = $3, status_reason = $4, delete_after = $5, updated_at = $6 WHERE id = $1 AND status = $2")
            .bind(id)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(reason)
            .bind(delete_after)
            .bind(now)
    )?;
    Ok(touched == 1)
}

pub(crate) async fn due_for_removal(db: &Db, now: DateTime<Utc>) -> Result<Vec<TenantId>> {
    read!(db, c => sqlx::query_scalar("SELECT id FROM tenants WHERE status = 'deleting' AND delete_after <= $1 ORDER BY id LIMIT 100").bind(now).fetch_all(c))
}

/// Deletes the tenant with all that hangs on it, unless an application still has a database.
pub(crate) async fn remove_if_empty(tx: &mut Tx, id: TenantId) -> Result<bool> {
    let left: i64 = within!(tx, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE tenant_id = $1 AND status <> 'deleted'").bind(id).fetch_one(c))?;
    if left > 0 {
        return Ok(false);
    }
    execute!(tx, sqlx::query("DELETE FROM applications WHERE tenant_id = $1").bind(id))?;
    execute!(tx, sqlx::query("DELETE FROM tenants WHERE id = $1").bind(id))?;
    Ok(true)
}

/// Tenants that the user owns; locks nothing, a bound of kindness.
pub(crate) async fn owned(tx: &mut Tx, user: UserId) -> Result<i64> {
    within!(tx, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM memberships WHERE user_id = $1 AND role = 'owner'").bind(user).fetch_one(c))
}

pub(crate) async fn add_member(tx: &mut Tx, tenant: TenantId, user: UserId, role: Role, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, user_id) DO NOTHING")
            .bind(tenant)
            .bind(user)
            .bind(role.as_str())
            .bind(now)
    )?;
    Ok(())
}

#[derive(FromRow)]
struct MemberRow {
    user_id: UserId,
    name: String,
    email: String,
    role: String,
    joined_at: DateTime<Utc>,
}

impl From<MemberRow> for MemberView {
    fn from(row: MemberRow) -> Self {
        Self { user_id: row.user_id, name: row.name, email: row.email, role: role(&row.role), joined_at: row.joined_at }
    }
}

const MEMBERS: &str = "SELECT m.user_id, u.name, u.email, m.role, m.created_at AS joined_at FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1";

pub(crate) async fn members(db: &Db, tenant: TenantId) -> Result<Vec<MemberView>> {
    let rows: Vec<MemberRow> =
        read!(db, c => sqlx::query_as(&format!("{MEMBERS} ORDER BY LOWER(u.name), u.id LIMIT 1000")).bind(tenant).fetch_all(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(crate) async fn member(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<Option<MemberView>> {
    let row: Option<MemberRow> =
        within!(tx, c => sqlx::query_as(&format!("{MEMBERS} AND m.user_id = $2")).bind(tenant).bind(user).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(crate) async fn is_member(tx: &mut Tx, tenant: TenantId, email: &str) -> Result<bool> {
    let row: Option<MemberRow> =
        within!(tx, c => sqlx::query_as(&format!("{MEMBERS} AND u.email = $2")).bind(tenant).bind(email).fetch_optional(c))?;
    Ok(row.is_some())
}

/// E-mail addresses of the members with a role.
pub(crate) async fn emails_of(tx: &mut Tx, tenant: TenantId, role: Role) -> Result<Vec<String>> {
    within!(tx, c => sqlx::query_scalar("SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.role = $2 ORDER BY u.email")
        .bind(tenant).bind(role.as_str()).fetch_all(c))
}

/// E-mail addresses of the members whose role has a permission.
pub(crate) async fn emails_of_permitted(tx: &mut Tx, tenant: TenantId, permission: Permission) -> Result<Vec<String>> {
    let mut emails = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| role.may(permission)) {
        emails.extend(emails_of(tx, tenant, role).await?);
    }
    Ok(emails)
}

/// Owners of the tenant. Locks the tenant's row first, so that two owners cannot leave at once.
pub(crate) async fn owners(tx: &mut Tx, tenant: TenantId) -> Result<i64> {
    execute!(tx, sqlx::query("UPDATE tenants SET updated_at = updated_at WHERE id = $1").bind(tenant))?;
    within!(tx, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM memberships WHERE tenant_id = $1 AND role = 'owner'").bind(tenant).fetch_one(c))
}

pub(crate) async fn set_role(tx: &mut Tx, tenant: TenantId, user: UserId, role: Role) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE memberships SET role = $3 WHERE tenant_id = $1 AND user_id = $2").bind(tenant).bind(user).bind(role.as_str())
    )?;
    Ok(())
}

pub(crate) async fn remove_member(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2").bind(tenant).bind(user))?;
    Ok(())
}

pub(crate) async fn close_expired_invitation(tx: &mut Tx, tenant: TenantId, email: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "UPDATE invitations SET revoked_at = $3 WHERE tenant_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $3"
        )
        .bind(tenant)
        .bind(email)
        .bind(now)
    )?;
    Ok(())
}

/// False when the address has an open invitation.
#[expect(clippy::too_many_arguments, reason = "one argument per column")]
pub(crate) async fn insert_invitation(
    tx: &mut Tx,
    id: InvitationId,
    tenant: TenantId,
    email: &str,
    role: Role,
    hash: &[u8],
    by: UserId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let made = execute!(
        tx,
        sqlx::query(
            "INSERT INTO invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
        )
        .bind(id)
        .bind(tenant)
        .bind(email)
        .bind(role.as_str())
        .bind(hash)
        .bind(by)
        .bind(expires_at)
        .bind(now)
    )?;
    Ok(made == 1)
}

#[derive(FromRow)]
struct InvitationRow {
    id: InvitationId,
    email: String,
    role: String,
    invited_by: Option<String>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl InvitationRow {
    fn view(self, now: DateTime<Utc>) -> InvitationView {
        let status = if self.accepted_at.is_some() {
            InvitationStatus::Accepted
        } else if self.revoked_at.is_some() {
            InvitationStatus::Revoked
        } else if self.expires_at <= now {
            InvitationStatus::Expired
        } else {
            InvitationStatus::Pending
        };
        InvitationView {
            id: self.id,
            email: self.email,
            role: role(&self.role),
            status,
            invited_by: self.invited_by,
            expires_at: self.expires_at,
            created_at: self.created_at,
        }
    }
}

const INVITATIONS: &str = "SELECT i.id, i.email, i.role, u.name AS invited_by, i.expires_at, i.accepted_at, i.revoked_at, i.created_at
    FROM invitations i LEFT JOIN users u ON u.id = i.invited_by WHERE i.tenant_id = $1";

pub(crate) async fn invitations(db: &Db, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<InvitationView>> {
    let rows: Vec<InvitationRow> =
        read!(db, c => sqlx::query_as(&format!("{INVITATIONS} ORDER BY i.id DESC LIMIT 200")).bind(tenant).fetch_all(c))?;
    Ok(rows.into_iter().map(|row| row.view(now)).collect())
}

pub(crate) async fn invitation(db: &Db, tenant: TenantId, id: InvitationId, now: DateTime<Utc>) -> Result<Option<InvitationView>> {
    let row: Option<InvitationRow> =
        read!(db, c => sqlx::query_as(&format!("{INVITATIONS} AND i.id = $2")).bind(tenant).bind(id).fetch_optional(c))?;
    Ok(row.map(|row| row.view(now)))
}

/// The address of the invitation that is revoked now.
pub(crate) async fn revoke_invitation(tx: &mut Tx, tenant: TenantId, id: InvitationId, now: DateTime<Utc>) -> Result<Option<String>> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE invitations SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING email")
        .bind(tenant).bind(id).bind(now).fetch_optional(c))
}

pub(crate) async fn offer(db: &Db, hash: &[u8], now: DateTime<Utc>) -> Result<Option<InvitationOffer>> {
    let row: Option<(String, String, String, Option<String>)> = read!(db, c => sqlx::query_as(
        "SELECT t.name, i.email, i.role, u.name FROM invitations i JOIN tenants t ON t.id = i.tenant_id LEFT JOIN users u ON u.id = i.invited_by
         WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $2").bind(hash).bind(now).fetch_optional(c))?;
    Ok(row.map(|(tenant_name, email, role_name, invited_by)| InvitationOffer { tenant_name, email, role: role(&role_name), invited_by }))
}

/// Uses an invitation up; none when it is not open or for another address.
pub(crate) async fn take_invitation(
    tx: &mut Tx,
    hash: &[u8],
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<(TenantId, InvitationId, Role)>> {
    let row: Option<(TenantId, InvitationId, String)> = within!(tx, c => sqlx::query_as(
        "UPDATE invitations SET accepted_at = $3 WHERE token_hash = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3
         RETURNING tenant_id, id, role").bind(hash).bind(email).bind(now).fetch_optional(c))?;
    Ok(row.map(|(tenant, id, name)| (tenant, id, role(&name))))
}

#[derive(FromRow)]
struct ListRow {
    #[sqlx(flatten)]
    tenant: Row,
    owner_email: Option<String>,
    members: i64,
    applications: i64,
    subscriptions: i64,
}

const SORTING: Sorting = Sorting {
    id: "t.id",
    default: Column::created("t.id"),
    others: &[Column::text("name", "LOWER(t.name)"), Column::text("status", "t.status")],
};

const FILTER: &str = "FROM tenants t WHERE ($1 IS NULL OR LOWER(t.name) LIKE $1 ESCAPE '\\' OR t.slug LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR t.status = $2)";

/// Those of the list that are in this state, oldest first.
pub(crate) async fn in_state(db: &Db, query: &ListQuery, state: TenantStatus) -> Result<Vec<TenantId>> {
    read!(db, c => sqlx::query_scalar(&format!("SELECT t.id {FILTER} AND t.status = $3 ORDER BY t.id"))
        .bind(query.pattern()).bind(query.status()).bind(state.as_str()).fetch_all(c))
}

/// All tenants, for super admins.
pub(crate) async fn list(db: &Db, query: &ListQuery, now: DateTime<Utc>) -> Result<List<TenantRow>> {
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 =
        read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FILTER}")).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<ListRow>> = read!(db, c => sqlx::query_as(&format!(
        "SELECT {COLUMNS},
            (SELECT MIN(u.email) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = t.id AND m.role = 'owner') AS owner_email,
            (SELECT CAST(COUNT(*) AS BIGINT) FROM memberships m WHERE m.tenant_id = t.id) AS members,
            (SELECT CAST(COUNT(*) AS BIGINT) FROM applications a WHERE a.tenant_id = t.id AND a.status <> 'deleted') AS applications,
            (SELECT CAST(COUNT(*) AS BIGINT) FROM subscriptions s WHERE s.tenant_id = t.id AND s.status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid')) AS subscriptions,
            {}
         {FILTER} {}", page.place(), page.rest(3)))
        .bind(&pattern).bind(status)
        .bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    let mut list = page.list(rows, total, |row| TenantRow {
        tenant: row.tenant.into(),
        owner_email: row.owner_email,
        members: row.members,
        applications: row.applications,
        subscriptions: row.subscriptions,
        requests_30_days: 0,
    });
    let tenants: Vec<TenantId> = list.data.iter().map(|row| row.tenant.id).collect();
    let requests = requests_by_tenant(db, &tenants, Span { from: now - TimeDelta::days(30), to: now }).await?;
    for row in &mut list.data {
        row.requests_30_days = requests.get(&row.tenant.id).copied().unwrap_or(0);
    }
    Ok(list)
}
