//! The SQL of orders.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mintreu_kit::{Database, PageRequest, Tx, read, within};

use super::place::Idempotency;
use super::{Item, Order, OrderCustomer, Status};
use crate::customer::Customer;
use crate::money::Money;

#[derive(Debug, sqlx::FromRow)]
struct Head {
    id: String,
    number: String,
    #[sqlx(try_from = "String")]
    status: Status,
    currency: String,
    total_minor: i64,
    customer_id: Option<String>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, sqlx::FromRow)]
struct ItemRow {
    order_id: String,
    sku: String,
    name: String,
    quantity: i64,
    unit_price_minor: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, status, currency, total_minor, customer_id, customer_email, customer_name, ",
            "created_at, updated_at FROM orders ",
            $rest
        )
    };
}

macro_rules! select_items {
    ($rest:literal) => {
        concat!("SELECT order_id, sku, name, quantity, unit_price_minor FROM order_items ", $rest)
    };
}

impl Head {
    fn with(self, items: Vec<ItemRow>) -> Order {
        let money = |amount| Money { amount, currency: self.currency.clone() };
        let items = items
            .into_iter()
            .map(|item| Item {
                unit_price: money(item.unit_price_minor),
                total: money(item.unit_price_minor.saturating_mul(item.quantity)),
                sku: item.sku,
                name: item.name,
                quantity: item.quantity,
            })
            .collect();
        let customer = self.customer_email.zip(self.customer_name);
        Order {
            total: Money { amount: self.total_minor, currency: self.currency },
            customer: customer.map(|(email, name)| OrderCustomer { id: self.customer_id, email, name }),
            id: self.id,
            number: self.number,
            status: self.status,
            items,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Newest first.
pub(super) async fn list(
    database: &Database,
    status: Option<Status>,
    customer: Option<&str>,
    page: &PageRequest,
) -> Result<Vec<Order>, sqlx::Error> {
    const LIST: &str = select!(
        "WHERE ($1 IS NULL OR status = $1) AND ($2 IS NULL OR customer_id = $2) AND ($3 IS NULL OR id < $3) \
         ORDER BY id DESC LIMIT $4"
    );
    // The items of the same page in one query: the page's condition again, not a list of ids.
    const ITEMS: &str = select_items!(
        "WHERE order_id IN (SELECT id FROM orders WHERE ($1 IS NULL OR status = $1) \
         AND ($2 IS NULL OR customer_id = $2) AND id <= $3 ORDER BY id DESC LIMIT $4) ORDER BY order_id, position"
    );
    let status = status.map(Status::as_str);
    let heads: Vec<Head> = read!(database, c => {
        sqlx::query_as(LIST).bind(status).bind(customer).bind(&page.after).bind(page.fetch()).fetch_all(c).await
    })?;
    let Some(first) = heads.first().map(|head| head.id.as_str()) else { return Ok(Vec::new()) };
    let rows: Vec<ItemRow> = read!(database, c => {
        sqlx::query_as(ITEMS).bind(status).bind(customer).bind(first).bind(page.fetch()).fetch_all(c).await
    })?;
    let mut items: HashMap<String, Vec<ItemRow>> = HashMap::new();
    for row in rows {
        items.entry(row.order_id.clone()).or_default().push(row);
    }
    Ok(heads
        .into_iter()
        .map(|head| {
            let own = items.remove(&head.id).unwrap_or_default();
            head.with(own)
        })
        .collect())
}

const SHOW: &str = select!("WHERE id = $1");
const SHOW_ITEMS: &str = select_items!("WHERE order_id = $1 ORDER BY position");

pub(super) async fn show(database: &Database, id: &str) -> Result<Option<Order>, sqlx::Error> {
    let head: Option<Head> = read!(database, c => sqlx::query_as(SHOW).bind(id).fetch_optional(c).await)?;
    let Some(head) = head else { return Ok(None) };
    let items = read!(database, c => sqlx::query_as(SHOW_ITEMS).bind(id).fetch_all(c).await)?;
    Ok(Some(head.with(items)))
}

pub(crate) async fn find(tx: &mut Tx, id: &str) -> Result<Option<Order>, sqlx::Error> {
    let head: Option<Head> = within!(tx, c => sqlx::query_as(SHOW).bind(id).fetch_optional(c).await)?;
    let Some(head) = head else { return Ok(None) };
    let items = within!(tx, c => sqlx::query_as(SHOW_ITEMS).bind(id).fetch_all(c).await)?;
    Ok(Some(head.with(items)))
}

/// The order that was placed under an idempotency key, and the digest of what was asked for.
pub(super) async fn find_by_key(tx: &mut Tx, key: &str) -> Result<Option<(String, String)>, sqlx::Error> {
    const FIND: &str = "SELECT id, request_digest FROM orders WHERE idempotency_key = $1";
    within!(tx, c => sqlx::query_as(FIND).bind(key).fetch_optional(c).await)
}

/// An order about to be written.
#[derive(Debug)]
pub(super) struct NewRecord {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) currency: String,
    pub(super) total_minor: i64,
    pub(super) customer: Option<Customer>,
    pub(super) idempotency: Option<Idempotency>,
}

pub(super) async fn insert(tx: &mut Tx, order: &NewRecord, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO orders (id, number, status, currency, total_minor, customer_id, \
        customer_email, customer_name, idempotency_key, request_digest, created_at, updated_at) \
        VALUES ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $10)";
    let customer = order.customer.as_ref();
    let idempotency = order.idempotency.as_ref();
    within!(tx, c => {
        let query = sqlx::query(INSERT).bind(&order.id).bind(&order.number).bind(&order.currency);
        let query = query.bind(order.total_minor).bind(customer.map(|customer| &customer.id));
        let query = query.bind(customer.map(|customer| &customer.email)).bind(customer.map(|customer| &customer.name));
        let query = query.bind(idempotency.map(|given| &given.key)).bind(idempotency.map(|given| &given.digest));
        query.bind(now).execute(c).await?;
    });
    Ok(())
}

/// A line whose goods are off the shelf, at today's price.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Taken {
    sku: String,
    name: String,
    pub(super) unit_price_minor: i64,
    #[sqlx(default)]
    pub(super) quantity: i64,
}

pub(super) async fn insert_item(tx: &mut Tx, order: &str, position: usize, item: &Taken) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO order_items (order_id, position, sku, name, quantity, unit_price_minor) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    within!(tx, c => {
        let query = sqlx::query(INSERT).bind(order).bind(position).bind(&item.sku).bind(&item.name);
        query.bind(item.quantity).bind(item.unit_price_minor).execute(c).await?;
    });
    Ok(())
}

/// Takes goods off the shelf if there are enough; `None` changes nothing.
pub(super) async fn take(tx: &mut Tx, sku: &str, quantity: i64, now: DateTime<Utc>) -> Result<Option<Taken>, sqlx::Error> {
    const TAKE: &str = "UPDATE products SET stock = stock - $2, updated_at = $3 \
        WHERE sku = $1 AND active AND stock >= $2 RETURNING sku, name, price_minor AS unit_price_minor";
    let taken: Option<Taken> = within!(tx, c => sqlx::query_as(TAKE).bind(sku).bind(quantity).bind(now).fetch_optional(c).await)?;
    Ok(taken.map(|taken| Taken { quantity, ..taken }))
}

/// How many are left of a product on sale.
pub(super) async fn stock(tx: &mut Tx, sku: &str) -> Result<Option<i64>, sqlx::Error> {
    const STOCK: &str = "SELECT stock FROM products WHERE sku = $1 AND active";
    within!(tx, c => sqlx::query_scalar(STOCK).bind(sku).fetch_optional(c).await)
}

pub(super) async fn status(tx: &mut Tx, id: &str) -> Result<Option<Status>, sqlx::Error> {
    let status: Option<String> = within!(tx, c => {
        sqlx::query_scalar("SELECT status FROM orders WHERE id = $1").bind(id).fetch_optional(c).await
    })?;
    status.map(Status::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into()))
}

/// `false` when the order is not in the state `from` any more.
pub(super) async fn transition(tx: &mut Tx, id: &str, from: Status, to: Status, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    const UPDATE: &str = "UPDATE orders SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2";
    let rows = within!(tx, c => {
        let query = sqlx::query(UPDATE).bind(id).bind(from.as_str()).bind(to.as_str()).bind(now);
        query.execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}

/// Puts the goods of an order back on the shelf; products that are gone stay gone.
pub(super) async fn return_stock(tx: &mut Tx, order: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    const ITEMS: &str = select_items!("WHERE order_id = $1");
    const RETURN: &str = "UPDATE products SET stock = stock + $2, updated_at = $3 WHERE sku = $1";
    let mut items: Vec<ItemRow> = within!(tx, c => sqlx::query_as(ITEMS).bind(order).fetch_all(c).await)?;
    // The order in which placing an order locks them.
    items.sort_by(|one, other| one.sku.cmp(&other.sku));
    for item in items {
        within!(tx, c => {
            sqlx::query(RETURN).bind(&item.sku).bind(item.quantity).bind(now).execute(c).await?;
        });
    }
    Ok(())
}
