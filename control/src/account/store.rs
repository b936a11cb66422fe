//! SQL of users, e-mail tokens and personal access tokens.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{TokenId, UserId},
    list::{List, ListQuery},
    view::{TokenView, UserView},
};
use sqlx::FromRow;

use super::session;
use crate::{
    Actor, Result, Source,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

#[derive(Debug, Clone, FromRow)]
pub(crate) struct UserRow {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub super_admin: bool,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl UserRow {
    pub(crate) fn actor(self, source: Source, address: Option<IpAddr>) -> Actor {
        Actor {
            user_id: self.id,
            email: self.email,
            name: self.name,
            email_verified: self.email_verified_at.is_some(),
            super_admin: self.super_admin,
            source,
            address,
        }
    }
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            email_verified: row.email_verified_at.is_some(),
            super_admin: row.super_admin,
            disabled: row.disabled_at.is_some(),
            created_at: row.created_at,
        }
    }
}

const USER: &str = "id, email, name, password_hash, email_verified_at, super_admin, disabled_at, created_at";

/// Inserts an unverified user, unless the address is taken; the id of who has it.
pub(crate) async fn insert_or_find(tx: &mut Tx, id: UserId, email: &str, name: &str, hash: &str, now: DateTime<Utc>) -> Result<UserId> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO users (id, email, name, password_hash, super_admin, created_at, updated_at)
             VALUES ($1, $2, $3, $4, FALSE, $5, $5) ON CONFLICT (email) DO NOTHING"
        )
        .bind(id)
        .bind(email)
        .bind(name)
        .bind(hash)
        .bind(now)
    )?;
    within!(tx, c => sqlx::query_scalar("SELECT id FROM users WHERE email = $1").bind(email).fetch_one(c))
}

pub(crate) async fn make_admin(tx: &mut Tx, email: &str, hash: &str, now: DateTime<Utc>) -> Result<UserId> {
    within!(tx, c => sqlx::query_scalar(
        "UPDATE users SET super_admin = TRUE, password_hash = $2, email_verified_at = COALESCE(email_verified_at, $3), disabled_at = NULL, updated_at = $3
         WHERE email = $1 RETURNING id").bind(email).bind(hash).bind(now).fetch_one(c))
}

pub(crate) async fn find(db: &Db, email: &str) -> Result<Option<UserRow>> {
    read!(db, c => sqlx::query_as(&format!("SELECT {USER} FROM users WHERE email = $1")).bind(email).fetch_optional(c))
}

pub(crate) async fn get(db: &Db, id: UserId) -> Result<Option<UserRow>> {
    read!(db, c => sqlx::query_as(&format!("SELECT {USER} FROM users WHERE id = $1")).bind(id).fetch_optional(c))
}

pub(crate) async fn get_within(tx: &mut Tx, id: UserId) -> Result<Option<UserRow>> {
    within!(tx, c => sqlx::query_as(&format!("SELECT {USER} FROM users WHERE id = $1")).bind(id).fetch_optional(c))
}

pub(crate) async fn count(db: &Db) -> Result<i64> {
    read!(db, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM users").fetch_one(c))
}

const SORTING: Sorting =
    Sorting { id: "id", default: Column::created("id"), others: &[Column::text("name", "LOWER(name)"), Column::text("email", "email")] };

pub(crate) async fn list(db: &Db, query: &ListQuery) -> Result<List<UserView>> {
    const FILTER: &str = "FROM users WHERE ($1 IS NULL OR email LIKE $1 ESCAPE '\\' OR LOWER(name) LIKE $1 ESCAPE '\\')
        AND ($2 IS NULL OR ($2 = 'admin' AND super_admin) OR ($2 = 'disabled' AND disabled_at IS NOT NULL) OR ($2 = 'unverified' AND email_verified_at IS NULL))";
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 =
        read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FILTER}")).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<UserRow>> = read!(db, c => sqlx::query_as(&format!("SELECT {USER}, {} {FILTER} {}", page.place(), page.rest(3)))
        .bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

pub(crate) async fn mark_verified(tx: &mut Tx, id: UserId, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE users SET email_verified_at = COALESCE(email_verified_at, $2), updated_at = $2 WHERE id = $1")
            .bind(id)
            .bind(now)
    )?;
    Ok(())
}

/// False when another account has the address.
pub(crate) async fn change_email(tx: &mut Tx, id: UserId, email: &str, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query("UPDATE users SET email = $2, email_verified_at = $3, updated_at = $3 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email = $2)")
            .bind(id)
            .bind(email)
            .bind(now)
    )?;
    Ok(touched == 1)
}

pub(crate) async fn set_password(tx: &mut Tx, id: UserId, hash: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1").bind(id).bind(hash).bind(now))?;
    execute!(tx, sqlx::query("DELETE FROM email_tokens WHERE user_id = $1 AND purpose = 'reset'").bind(id))?;
    Ok(())
}

pub(crate) async fn change_name(tx: &mut Tx, id: UserId, name: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE users SET name = $2, updated_at = $3 WHERE id = $1").bind(id).bind(name).bind(now))?;
    Ok(())
}

pub(crate) async fn set_disabled(tx: &mut Tx, id: UserId, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE users SET disabled_at = $2, updated_at = $3 WHERE id = $1").bind(id).bind(at).bind(now))?;
    Ok(())
}

#[derive(Debug, FromRow)]
pub(crate) struct EmailToken {
    pub user_id: UserId,
    pub purpose: String,
    pub email: String,
}

pub(crate) async fn replace_email_token(
    tx: &mut Tx,
    user: UserId,
    purpose: &str,
    hash: &[u8],
    email: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM email_tokens WHERE user_id = $1 AND purpose = $2").bind(user).bind(purpose))?;
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO email_tokens (token_hash, user_id, purpose, email, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
        )
        .bind(hash)
        .bind(user)
        .bind(purpose)
        .bind(email)
        .bind(expires_at)
        .bind(now)
    )?;
    Ok(())
}

/// Uses a token up.
pub(crate) async fn take_email_token(tx: &mut Tx, hash: &[u8], purposes: &[&str], now: DateTime<Utc>) -> Result<Option<EmailToken>> {
    let token: Option<EmailToken> = within!(tx, c => sqlx::query_as(
        "DELETE FROM email_tokens WHERE token_hash = $1 AND expires_at > $2 RETURNING user_id, purpose, email").bind(hash).bind(now).fetch_optional(c))?;
    Ok(token.filter(|token| purposes.contains(&token.purpose.as_str())))
}

#[expect(clippy::too_many_arguments, reason = "one argument per column")]
pub(crate) async fn insert_token(
    tx: &mut Tx,
    id: TokenId,
    user: UserId,
    name: &str,
    hash: &[u8],
    last_four: &str,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO api_tokens (id, user_id, name, token_hash, last_four, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        )
        .bind(id)
        .bind(user)
        .bind(name)
        .bind(hash)
        .bind(last_four)
        .bind(expires_at)
        .bind(now)
    )?;
    Ok(())
}

#[derive(FromRow)]
struct TokenRow {
    id: TokenId,
    name: String,
    last_four: String,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

pub(crate) async fn tokens(db: &Db, user: UserId) -> Result<Vec<TokenView>> {
    let rows: Vec<TokenRow> = read!(db, c => sqlx::query_as(
        "SELECT id, name, last_four, expires_at, last_used_at, created_at FROM api_tokens WHERE user_id = $1 ORDER BY id DESC LIMIT 100").bind(user).fetch_all(c))?;
    let views = rows.into_iter().map(|row| TokenView {
        id: row.id,
        name: row.name,
        last_four: row.last_four,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    });
    Ok(views.collect())
}

/// The name of the token that is gone now.
pub(crate) async fn delete_token(tx: &mut Tx, user: UserId, id: TokenId) -> Result<Option<String>> {
    within!(tx, c => sqlx::query_scalar("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2 RETURNING name").bind(id).bind(user).fetch_optional(c))
}

/// Ends whatever opens the account besides its password: sessions, API tokens, mailed links.
pub(crate) async fn close_other_doors(tx: &mut Tx, user: UserId) -> Result<()> {
    session::revoke_all(tx, user, None).await?;
    delete_tokens(tx, user).await?;
    delete_email_tokens(tx, user).await
}

pub(crate) async fn delete_email_tokens(tx: &mut Tx, user: UserId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM email_tokens WHERE user_id = $1").bind(user))?;
    Ok(())
}

pub(crate) async fn delete_tokens(tx: &mut Tx, user: UserId) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM api_tokens WHERE user_id = $1").bind(user))?;
    Ok(())
}

type FoundToken = (TokenId, UserRow, Option<DateTime<Utc>>);

pub(crate) async fn find_token(db: &Db, hash: &[u8], now: DateTime<Utc>) -> Result<Option<FoundToken>> {
    #[derive(FromRow)]
    struct Row {
        token_id: TokenId,
        token_last_used_at: Option<DateTime<Utc>>,
        #[sqlx(flatten)]
        user: UserRow,
    }
    let row: Option<Row> = read!(db, c => sqlx::query_as(
        "SELECT a.id AS token_id, a.last_used_at AS token_last_used_at, u.id, u.email, u.name, u.password_hash, u.email_verified_at, u.super_admin, u.disabled_at, u.created_at
         FROM api_tokens a JOIN users u ON u.id = a.user_id
         WHERE a.token_hash = $1 AND (a.expires_at IS NULL OR a.expires_at > $2) AND u.disabled_at IS NULL").bind(hash).bind(now).fetch_optional(c))?;
    Ok(row.map(|row| (row.token_id, row.user, row.token_last_used_at)))
}

pub(crate) async fn touch_token(db: &Db, id: TokenId, now: DateTime<Utc>) -> Result<()> {
    let mut tx = db.begin().await?;
    execute!(tx, sqlx::query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1").bind(id).bind(now))?;
    tx.commit().await
}
