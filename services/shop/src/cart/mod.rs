//! What somebody may be about to buy. A cart holds no stock and no prices: both are today's until
//! checkout makes it an order, once.

mod record;
mod route;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use self::route::routes;
use crate::customer::NewCustomer;
use crate::money::Money;

#[derive(Debug, Serialize, ToSchema)]
struct Cart {
    /// `crt_…`
    id: String,
    /// By SKU, at today's prices.
    items: Vec<CartItem>,
    total: Money,
    /// The order that it became at checkout.
    order_id: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CartItem {
    sku: String,
    name: String,
    quantity: i64,
    unit_price: Money,
    total: Money,
    /// Whether checkout would succeed for this item now.
    available: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Quantity {
    #[schema(minimum = 1, maximum = 10_000)]
    quantity: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Checkout {
    /// Found by the address, or added.
    customer: Option<NewCustomer>,
    /// A customer there is already; not both.
    customer_id: Option<String>,
}
