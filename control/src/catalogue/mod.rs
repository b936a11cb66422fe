//! What is sold: services, the products on them, the plans of products. Operators write it,
//! everybody reads what is published, the gateway reads what is served.
//!
//! A product goes draft → published → archived, and may be published again. A plan is a row and a
//! chain of immutable versions: a change adds one, subscribers keep theirs. To give a product's
//! configuration another keyword, see `schema.rs`.

mod address;
mod gateway;
mod health;
mod plan;
mod product;
mod schema;
mod service;
pub(crate) mod store;

use std::collections::HashMap;

pub use address::is_forbidden_address;
pub use health::Watch;
pub(crate) use health::Watcher;
use mintreu_model::{id::ProductId, view::ServiceView};
pub(crate) use schema::validate_config;

use crate::{Control, Error, Result, application};

/// Slugs that pages and routes need for themselves.
const RESERVED: &[&str] =
    &["admin", "api", "catalog", "docs", "edit", "mintreu", "new", "oauth", "plans", "products", "services", "static"];

/// A product as the gateway routes to it.
#[derive(Debug, Clone, PartialEq)]
pub struct CataloguePolicy {
    pub product_id: ProductId,
    pub product_slug: String,
    pub cache_responses: bool,
    pub service: ServiceView,
}

impl Control {
    /// Every product that is served: published and archived, of the kind `api`.
    pub async fn gateway_catalogue(&self) -> Result<Vec<CataloguePolicy>> {
        store::served(&self.db).await
    }

    /// Whose pages may call any application of a product; products whose applications allow none are
    /// left out.
    pub async fn gateway_origins(&self) -> Result<HashMap<ProductId, Vec<String>>> {
        let mut products = HashMap::<_, Vec<String>>::new();
        for (product, origins) in application::store::any_origins(&self.db).await? {
            products.entry(product).or_default().extend(origins.0);
        }
        Ok(products)
    }

    /// Every service, whose health the gateway watches before a product is on it.
    pub async fn gateway_services(&self) -> Result<Vec<ServiceView>> {
        store::all_services(&self.db).await
    }
}

/// Refuses a slug that is kept for pages.
fn unreserved(slug: &str) -> Result<()> {
    if RESERVED.contains(&slug) {
        return Err(Error::field("slug", "invalid", format!("{slug} is kept for pages of the platform. Choose another")));
    }
    Ok(())
}

fn slug_taken(what: &str, slug: &str) -> Error {
    Error::conflict("slug_taken", format!("There is a {what} called {slug} already. Choose another slug."))
}
