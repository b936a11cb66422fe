//! The SQL of products. The currency is the store's; it is joined in, never stored twice.

use chrono::{DateTime, Utc};
use mintreu_kit::{Database, PageRequest, Tx, read, within};

use super::{NewProduct, Product, ProductChange, search_text};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.sku, p.name, p.description, p.price_minor AS amount, s.currency, p.stock, p.active, ",
            "p.created_at, p.updated_at FROM products p CROSS JOIN store s ",
            $rest
        )
    };
}

pub(super) async fn list(
    database: &Database,
    search: Option<&str>,
    active: Option<bool>,
    page: &PageRequest,
) -> Result<Vec<Product>, sqlx::Error> {
    const LIST: &str = select!(
        "WHERE ($1 IS NULL OR p.search_text LIKE $1 ESCAPE '!') AND ($2 IS NULL OR p.active = $2) \
         AND ($3 IS NULL OR p.sku > $3) ORDER BY p.sku LIMIT $4"
    );
    let pattern = search.map(like);
    read!(database, c => {
        sqlx::query_as(LIST).bind(pattern).bind(active).bind(&page.after).bind(page.fetch()).fetch_all(c).await
    })
}

/// A pattern that finds `text` anywhere, its own wildcards taken literally.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

pub(super) async fn find(tx: &mut Tx, sku: &str) -> Result<Option<Product>, sqlx::Error> {
    within!(tx, c => sqlx::query_as(select!("WHERE p.sku = $1")).bind(sku).fetch_optional(c).await)
}

pub(super) async fn show(database: &Database, sku: &str) -> Result<Option<Product>, sqlx::Error> {
    read!(database, c => sqlx::query_as(select!("WHERE p.sku = $1")).bind(sku).fetch_optional(c).await)
}

/// `false` when there is such a SKU already.
pub(crate) async fn insert(tx: &mut Tx, product: &NewProduct, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "INSERT INTO products \
        (sku, name, description, search_text, price_minor, stock, active, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (sku) DO NOTHING";
    let words = search_text(&product.sku, &product.name, &product.description);
    let rows = within!(tx, c => {
        let query = sqlx::query(INSERT).bind(&product.sku).bind(&product.name).bind(&product.description).bind(words);
        let query = query.bind(product.price.amount).bind(product.stock).bind(product.active).bind(now);
        query.execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}

/// `false` when there is no such SKU.
pub(super) async fn update(tx: &mut Tx, sku: &str, change: &ProductChange, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    const UPDATE: &str = "UPDATE products SET name = COALESCE($2, name), \
        description = COALESCE($3, description), price_minor = COALESCE($4, price_minor), \
        stock = COALESCE($5, stock), active = COALESCE($6, active), updated_at = $7 \
        WHERE sku = $1 RETURNING name, description";
    let price = change.price.as_ref().map(|price| price.amount);
    let row: Option<(String, String)> = within!(tx, c => {
        let query = sqlx::query_as(UPDATE).bind(sku).bind(&change.name).bind(&change.description).bind(price);
        query.bind(change.stock).bind(change.active).bind(now).fetch_optional(c).await
    })?;
    let Some((name, description)) = row else { return Ok(false) };
    let words = search_text(sku, &name, &description);
    within!(tx, c => {
        sqlx::query("UPDATE products SET search_text = $2 WHERE sku = $1").bind(sku).bind(words).execute(c).await?;
    });
    Ok(true)
}

/// `false` when there is no such SKU.
pub(super) async fn delete(tx: &mut Tx, sku: &str) -> Result<bool, sqlx::Error> {
    let rows = within!(tx, c => {
        sqlx::query("DELETE FROM products WHERE sku = $1").bind(sku).execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}
