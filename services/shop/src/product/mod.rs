//! What is sold. The SKU is the product's name in URLs and orders, and never changes.

mod record;
mod route;

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use mintreu_kit::{Check, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::record::insert;
pub(crate) use self::route::routes;
use crate::money::Money;

const STOCK: RangeInclusive<i64> = 0..=1_000_000_000;

#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(crate) struct Product {
    #[schema(example = "FJ-204")]
    sku: String,
    name: String,
    description: String,
    #[sqlx(flatten)]
    price: Money,
    /// How many can be sold.
    stock: i64,
    /// Only active products can be ordered.
    active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProduct {
    /// Unique: letters, digits, `.`, `_`, `-`; up to 64.
    pub(crate) sku: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) price: Money,
    #[serde(default)]
    pub(crate) stock: i64,
    #[serde(default = "active")]
    pub(crate) active: bool,
}

fn active() -> bool {
    true
}

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProductChange {
    name: Option<String>,
    description: Option<String>,
    price: Option<Money>,
    stock: Option<i64>,
    active: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProductQuery {
    /// Words in SKU, name or description, in any case.
    search: Option<String>,
    active: Option<bool>,
    /// 1 to 100, 25 unless said.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn is_sku(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

impl NewProduct {
    fn validate(&self, currency: &str) -> Result<(), Problem> {
        let mut check = Check::new();
        let says = "Use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.";
        check.require(is_sku(&self.sku), "sku", "invalid", says);
        check.line("name", &self.name, 1..=200);
        check.text("description", &self.description, 0..=5000);
        self.price.check(&mut check, "price", currency);
        check.range("stock", &self.stock, &STOCK);
        check.finish()
    }
}

impl ProductChange {
    fn validate(&self, currency: &str) -> Result<(), Problem> {
        let mut check = Check::new();
        if let Some(name) = &self.name {
            check.line("name", name, 1..=200);
        }
        if let Some(description) = &self.description {
            check.text("description", description, 0..=5000);
        }
        if let Some(price) = &self.price {
            price.check(&mut check, "price", currency);
        }
        if let Some(stock) = &self.stock {
            check.range("stock", stock, &STOCK);
        }
        check.finish()
    }
}

/// What a search looks in: folded by the program, because the engines fold differently.
fn search_text(sku: &str, name: &str, description: &str) -> String {
    format!("{sku}\n{name}\n{description}").to_lowercase()
}
