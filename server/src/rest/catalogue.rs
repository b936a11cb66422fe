//! The published catalogue; for everybody.

use axum::{Json, extract::State};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    list::{List, ListQuery},
    view::ProductView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    extract::{Listing, Name, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_products)).routes(routes!(get_product))
}

/// Published products with their plans
#[utoipa::path(get, path = "/products", tag = "Catalogue", params(ListQuery), security(()), responses((status = 200, body = List<ProductView>)))]
async fn list_products(State(control): State<Control>, Listing(query): Listing) -> Answer<List<ProductView>> {
    Ok(Json(part(control.list_products().await?, &query, |product| product.id.to_string())?))
}

/// One published product with its plans
#[utoipa::path(get, path = "/products/{product}", tag = "Catalogue", security(()), responses((status = 200, body = ProductView)))]
async fn get_product(State(control): State<Control>, Path(Name(slug)): Path<Name>) -> Answer<ProductView> {
    Ok(Json(control.get_product(&slug).await?))
}
