//! The SQL of carts. Everything that changes a cart first locks its row by an update that only an
//! open cart satisfies, so that nothing slips in during checkout.

use chrono::{DateTime, Utc};
use mintreu_kit::{Tx, within};

use super::{Cart, CartItem};
use crate::money::Money;

#[derive(Debug, sqlx::FromRow)]
struct Head {
    id: String,
    order_id: Option<String>,
    currency: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, sqlx::FromRow)]
struct ItemRow {
    sku: String,
    name: String,
    quantity: i64,
    price_minor: i64,
    available: bool,
}

pub(super) async fn insert(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO carts (id, created_at, updated_at) VALUES ($1, $2, $2)";
    within!(tx, c => {
        sqlx::query(INSERT).bind(id).bind(now).execute(c).await?;
    });
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<Option<Cart>, sqlx::Error> {
    const HEAD: &str = "SELECT c.id, c.order_id, s.currency, c.created_at, c.updated_at \
        FROM carts c CROSS JOIN store s WHERE c.id = $1";
    const ITEMS: &str = "SELECT p.sku, p.name, i.quantity, p.price_minor, \
        (p.active AND p.stock >= i.quantity) AS available \
        FROM cart_items i JOIN products p ON p.sku = i.sku WHERE i.cart_id = $1 ORDER BY p.sku";
    let head: Option<Head> = within!(tx, c => sqlx::query_as(HEAD).bind(id).fetch_optional(c).await)?;
    let Some(head) = head else { return Ok(None) };
    let rows: Vec<ItemRow> = within!(tx, c => sqlx::query_as(ITEMS).bind(id).fetch_all(c).await)?;
    let money = |amount| Money { amount, currency: head.currency.clone() };
    let items: Vec<CartItem> = rows
        .into_iter()
        .map(|row| CartItem {
            unit_price: money(row.price_minor),
            total: money(row.price_minor.saturating_mul(row.quantity)),
            sku: row.sku,
            name: row.name,
            quantity: row.quantity,
            available: row.available,
        })
        .collect();
    let total = items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.total.amount));
    Ok(Some(Cart {
        total: money(total),
        id: head.id,
        items,
        order_id: head.order_id,
        created_at: head.created_at,
        updated_at: head.updated_at,
    }))
}

/// Locks an open cart for changes; `false` when there is none.
pub(super) async fn touch(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    const TOUCH: &str = "UPDATE carts SET updated_at = $2 WHERE id = $1 AND order_id IS NULL";
    let rows = within!(tx, c => sqlx::query(TOUCH).bind(id).bind(now).execute(c).await?.rows_affected());
    Ok(rows == 1)
}

/// Whether the product is on sale.
pub(super) async fn on_sale(tx: &mut Tx, sku: &str) -> Result<bool, sqlx::Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM products WHERE sku = $1 AND active";
    let count: i64 = within!(tx, c => sqlx::query_scalar(COUNT).bind(sku).fetch_one(c).await)?;
    Ok(count == 1)
}

/// The quantity in the cart; 0 without such an item.
pub(super) async fn quantity(tx: &mut Tx, cart: &str, sku: &str) -> Result<i64, sqlx::Error> {
    const FIND: &str = "SELECT quantity FROM cart_items WHERE cart_id = $1 AND sku = $2";
    let quantity: Option<i64> = within!(tx, c => sqlx::query_scalar(FIND).bind(cart).bind(sku).fetch_optional(c).await)?;
    Ok(quantity.unwrap_or_default())
}

pub(super) async fn count(tx: &mut Tx, cart: &str) -> Result<i64, sqlx::Error> {
    const COUNT: &str = "SELECT COUNT(*) FROM cart_items WHERE cart_id = $1";
    within!(tx, c => sqlx::query_scalar(COUNT).bind(cart).fetch_one(c).await)
}

pub(super) async fn set_item(tx: &mut Tx, cart: &str, sku: &str, quantity: i64) -> Result<(), sqlx::Error> {
    const SET: &str = "INSERT INTO cart_items (cart_id, sku, quantity) VALUES ($1, $2, $3) \
        ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity";
    within!(tx, c => {
        sqlx::query(SET).bind(cart).bind(sku).bind(quantity).execute(c).await?;
    });
    Ok(())
}

/// `false` when it was not in the cart.
pub(super) async fn remove_item(tx: &mut Tx, cart: &str, sku: &str) -> Result<bool, sqlx::Error> {
    const DELETE: &str = "DELETE FROM cart_items WHERE cart_id = $1 AND sku = $2";
    let rows = within!(tx, c => sqlx::query(DELETE).bind(cart).bind(sku).execute(c).await?.rows_affected());
    Ok(rows == 1)
}

pub(super) async fn check_out(tx: &mut Tx, id: &str, order: &str) -> Result<(), sqlx::Error> {
    const UPDATE: &str = "UPDATE carts SET order_id = $2 WHERE id = $1";
    within!(tx, c => {
        sqlx::query(UPDATE).bind(id).bind(order).execute(c).await?;
    });
    Ok(())
}

/// `false` when there is no such cart.
pub(super) async fn delete(tx: &mut Tx, id: &str) -> Result<bool, sqlx::Error> {
    const DELETE: &str = "DELETE FROM carts WHERE id = $1";
    let rows = within!(tx, c => sqlx::query(DELETE).bind(id).execute(c).await?.rows_affected());
    Ok(rows == 1)
}
