//! The e-commerce API: products with stock, customers, carts and orders, each application's in its
//! own database.
//!
//! It is an ordinary service on `mintreu-kit` and knows nothing of plans, keys or money owed to the
//! platform. `service.json` is what an operator registers ([`REGISTRATION`]), `config.schema.json`
//! what a tenant fills in ([`CONFIG_SCHEMA`]); tests hold both to the program. A new resource is a
//! folder with `mod.rs` (types and their bounds), `record.rs` (SQL) and `route.rs` (HTTP), one line
//! in `api.rs` and its routes in `service.json`.

mod api;
mod cart;
mod customer;
mod lifecycle;
mod money;
mod order;
mod product;
mod store;

use axum::routing::get;
use axum::{Json, Router};
use mintreu_kit::{Config, Service};

pub use api::document;

/// How the service is registered with a platform, but for its `base_urls`: JSON for
/// `POST /api/v1/admin/services`.
pub const REGISTRATION: &str = include_str!("../service.json");

/// The JSON Schema of an application's configuration: `config_schema` of a product on this service.
pub const CONFIG_SCHEMA: &str = include_str!("../config.schema.json");

/// The whole service, ready to be served.
pub fn router(config: Config) -> Router {
    let (routes, document) = api::routes().split_for_parts();
    let description = Router::new().route("/openapi.json", get(async move || Json(document)));
    Service::new(config).routes(routes).public(description).lifecycle(lifecycle::Shop).into_router()
}
