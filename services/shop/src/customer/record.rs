//! The SQL of customers.

use chrono::{DateTime, Utc};
use mintreu_kit::{Database, PageRequest, Tx, new_id, read, within};

use super::{Customer, CustomerChange, NewCustomer, email_key};

const SHOW: &str = "SELECT id, email, name, created_at, updated_at FROM customers WHERE id = $1";

/// Newest first.
pub(super) async fn list(database: &Database, email: Option<&str>, page: &PageRequest) -> Result<Vec<Customer>, sqlx::Error> {
    const LIST: &str = "SELECT id, email, name, created_at, updated_at FROM customers \
        WHERE ($1 IS NULL OR email_key = $1) AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
    let email = email.map(email_key);
    read!(database, c => sqlx::query_as(LIST).bind(email).bind(&page.after).bind(page.fetch()).fetch_all(c).await)
}

pub(super) async fn show(database: &Database, id: &str) -> Result<Option<Customer>, sqlx::Error> {
    read!(database, c => sqlx::query_as(SHOW).bind(id).fetch_optional(c).await)
}

pub(crate) async fn find(tx: &mut Tx, id: &str) -> Result<Option<Customer>, sqlx::Error> {
    within!(tx, c => sqlx::query_as(SHOW).bind(id).fetch_optional(c).await)
}

/// `None` when the address is taken.
pub(super) async fn insert(tx: &mut Tx, customer: &NewCustomer, now: DateTime<Utc>) -> Result<Option<Customer>, sqlx::Error> {
    const INSERT: &str = "INSERT INTO customers (id, email, email_key, name, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (email_key) DO NOTHING \
        RETURNING id, email, name, created_at, updated_at";
    within!(tx, c => {
        let query = sqlx::query_as(INSERT).bind(new_id("cus")).bind(&customer.email).bind(email_key(&customer.email));
        query.bind(&customer.name).bind(now).fetch_optional(c).await
    })
}

/// The customer with this address, made if there is none; a known customer's name stays.
pub(crate) async fn find_or_insert(tx: &mut Tx, customer: &NewCustomer, now: DateTime<Utc>) -> Result<Customer, sqlx::Error> {
    const FIND: &str = "SELECT id, email, name, created_at, updated_at FROM customers WHERE email_key = $1";
    if let Some(new) = insert(tx, customer, now).await? {
        return Ok(new);
    }
    within!(tx, c => sqlx::query_as(FIND).bind(email_key(&customer.email)).fetch_one(c).await)
}

/// `None` when there is no such customer; a unique violation when the new address is taken.
pub(super) async fn update(tx: &mut Tx, id: &str, change: &CustomerChange, now: DateTime<Utc>) -> Result<Option<Customer>, sqlx::Error> {
    const UPDATE: &str = "UPDATE customers SET email = COALESCE($2, email), \
        email_key = COALESCE($3, email_key), name = COALESCE($4, name), updated_at = $5 \
        WHERE id = $1 RETURNING id, email, name, created_at, updated_at";
    let key = change.email.as_deref().map(email_key);
    within!(tx, c => {
        let query = sqlx::query_as(UPDATE).bind(id).bind(&change.email).bind(key).bind(&change.name).bind(now);
        query.fetch_optional(c).await
    })
}

/// `false` when there is no such customer.
pub(super) async fn delete(tx: &mut Tx, id: &str) -> Result<bool, sqlx::Error> {
    let rows = within!(tx, c => {
        sqlx::query("DELETE FROM customers WHERE id = $1").bind(id).execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}
