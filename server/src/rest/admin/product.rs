//! Products, published or not.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::Control;
use mintreu_model::{
    form::catalogue::{CreateProduct, UpdateProduct},
    list::{List, ListQuery},
    view::ProductView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered, Done,
    extract::{Admin, Listing, Name, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(create_product, list_any_products))
        .routes(routes!(get_any_product, update_product, delete_product))
        .routes(routes!(publish_product))
        .routes(routes!(archive_product))
}

/// Draft a product
#[utoipa::path(post, path = "/admin/products", tag = "Admin: products", request_body = CreateProduct, responses((status = 201, body = ProductView)))]
async fn create_product(State(control): State<Control>, Admin(who): Admin, Body(form): Body<CreateProduct>) -> Answered<ProductView> {
    Ok((StatusCode::CREATED, Json(control.create_product(&who, &form).await?)))
}

/// Products of every status
#[utoipa::path(get, path = "/admin/products", tag = "Admin: products", params(ListQuery), responses((status = 200, body = List<ProductView>)))]
async fn list_any_products(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<ProductView>> {
    Ok(Json(control.list_any_products(&who, &query).await?))
}

/// One product
#[utoipa::path(get, path = "/admin/products/{product}", tag = "Admin: products", responses((status = 200, body = ProductView)))]
async fn get_any_product(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Answer<ProductView> {
    Ok(Json(control.get_any_product(&who, &slug).await?))
}

/// Change a product
#[utoipa::path(patch, path = "/admin/products/{product}", tag = "Admin: products", request_body = UpdateProduct, responses((status = 200, body = ProductView)))]
async fn update_product(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(slug)): Path<Name>,
    Body(form): Body<UpdateProduct>,
) -> Answer<ProductView> {
    Ok(Json(control.update_product(&who, &slug, &form).await?))
}

/// Remove a draft that nobody subscribed to
#[utoipa::path(delete, path = "/admin/products/{product}", tag = "Admin: products", responses((status = 204)))]
async fn delete_product(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Done {
    control.delete_product(&who, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a product into the catalogue
#[utoipa::path(post, path = "/admin/products/{product}/publish", tag = "Admin: products", responses((status = 200, body = ProductView)))]
async fn publish_product(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Answer<ProductView> {
    Ok(Json(control.publish_product(&who, &slug).await?))
}

/// Take a product out of the catalogue; who has it keeps it
#[utoipa::path(post, path = "/admin/products/{product}/archive", tag = "Admin: products", responses((status = 200, body = ProductView)))]
async fn archive_product(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Answer<ProductView> {
    Ok(Json(control.archive_product(&who, &slug).await?))
}
