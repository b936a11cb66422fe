//! What was bought. An order copies names and prices, so that later changes never reach it; its
//! number comes from a counter in the store's row; stock is taken by a conditional update, so that
//! the database decides who gets the last one.

mod place;
mod record;
mod route;
mod status;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use mintreu_kit::{Check, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::place::{Draft, Line, Placed, place};
pub(crate) use self::record::find;
pub(crate) use self::route::routes;
pub(crate) use self::status::Status;
use crate::customer::NewCustomer;
use crate::money::{CURRENCIES, Money};

pub(crate) const QUANTITY: RangeInclusive<i64> = 1..=10_000;
/// Lines of an order, and of a cart.
pub(crate) const LINES: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    /// `ord_…`
    id: String,
    /// Counts up within the shop.
    #[schema(example = "ORD-2026-17")]
    number: String,
    status: Status,
    customer: Option<OrderCustomer>,
    items: Vec<Item>,
    total: Money,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The customer as he was when the order was placed.
#[derive(Debug, Serialize, ToSchema)]
struct OrderCustomer {
    /// `null` once the customer was removed.
    id: Option<String>,
    email: String,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Item {
    sku: String,
    name: String,
    quantity: i64,
    unit_price: Money,
    total: Money,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    /// The store's currency; said to be sure of it.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Found by the address, or added.
    customer: Option<NewCustomer>,
    /// A customer there is already; not both.
    customer_id: Option<String>,
    items: Vec<NewItem>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    #[schema(example = "FJ-204")]
    pub(crate) sku: String,
    #[schema(minimum = 1, maximum = 10_000, example = 1)]
    pub(crate) quantity: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrderQuery {
    #[param(inline)]
    status: Option<Status>,
    customer_id: Option<String>,
    /// 1 to 100, 25 unless said.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Checks who is to be the customer: at most one way of saying it.
pub(crate) fn check_customer(check: &mut Check, customer: Option<&NewCustomer>, id: Option<&str>) {
    if let Some(customer) = customer {
        customer.check(check, "customer.");
        check.require(id.is_none(), "customer_id", "invalid", "Say customer or customer_id, not both.");
    }
    if let Some(id) = id {
        check.line("customer_id", id, 1..=64);
    }
}

impl NewOrder {
    fn validate(&self) -> Result<(), Problem> {
        let mut check = Check::new();
        if let Some(currency) = &self.currency {
            check.require(CURRENCIES.contains(&currency.as_str()), "currency", "invalid", "Use an ISO 4217 code.");
        }
        check_customer(&mut check, self.customer.as_ref(), self.customer_id.as_deref());
        check.require(!self.items.is_empty(), "items", "required", "Order at least one item.");
        if self.items.len() > LINES {
            check.add("items", "too_long", format!("Order at most {LINES} different items."));
            return check.finish();
        }
        let mut seen = HashSet::new();
        for (index, item) in self.items.iter().enumerate() {
            check.range(&format!("items[{index}].quantity"), &item.quantity, &QUANTITY);
            let field = format!("items[{index}].sku");
            check.require(crate::product::is_sku(&item.sku), &field, "unknown", "There is no such product.");
            check.require(seen.insert(&item.sku), &field, "taken", "Name each product once, with its quantity.");
        }
        check.finish()
    }
}
