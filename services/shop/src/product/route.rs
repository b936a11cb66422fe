//! Products over HTTP.

use axum::Json;
use http::StatusCode;
use mintreu_kit::{Body, Check, Database, Page, PageQuery, Path, Problem, Query, now};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{NewProduct, Product, ProductChange, ProductQuery, record};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, update, delete))
}

fn unknown() -> Problem {
    Problem::not_found("product")
}

/// Products by SKU, a page at a time.
#[utoipa::path(get, path = "/v1/products", tag = "Products", params(ProductQuery), responses(
    (status = 200, body = Page<Product>),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn list(database: Database, Query(query): Query<ProductQuery>) -> Result<Json<Page<Product>>, Problem> {
    let mut check = Check::new();
    if let Some(search) = &query.search {
        check.line("search", search, 0..=200);
    }
    check.finish()?;
    let page = PageQuery { limit: query.limit, cursor: query.cursor }.validate()?;
    let products = record::list(&database, query.search.as_deref(), query.active, &page).await?;
    Ok(Json(page.page(products, |product| &product.sku)))
}

/// Adds a product.
#[utoipa::path(post, path = "/v1/products", tag = "Products", request_body = NewProduct, responses(
    (status = 201, body = Product),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`sku_taken`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn create(database: Database, Body(product): Body<NewProduct>) -> Result<(StatusCode, Json<Product>), Problem> {
    let mut tx = database.begin().await?;
    product.validate(&store::currency(&mut tx).await?)?;
    if !record::insert(&mut tx, &product, now()).await? {
        return Err(Problem::conflict("sku_taken", format!("There is a product {} already.", product.sku)));
    }
    let created = record::find(&mut tx, &product.sku).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// One product.
#[utoipa::path(get, path = "/v1/products/{sku}", tag = "Products", params(("sku" = String, Path)), responses(
    (status = 200, body = Product),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn show(database: Database, Path(sku): Path<String>) -> Result<Json<Product>, Problem> {
    record::show(&database, &sku).await?.map(Json).ok_or_else(unknown)
}

/// Changes a product. Orders keep the price they were placed at.
#[utoipa::path(patch, path = "/v1/products/{sku}", tag = "Products", params(("sku" = String, Path)),
    request_body = ProductChange, responses(
    (status = 200, body = Product),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn update(database: Database, Path(sku): Path<String>, Body(change): Body<ProductChange>) -> Result<Json<Product>, Problem> {
    let mut tx = database.begin().await?;
    change.validate(&store::currency(&mut tx).await?)?;
    if !record::update(&mut tx, &sku, &change, now()).await? {
        return Err(unknown());
    }
    let product = record::find(&mut tx, &sku).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(Json(product))
}

/// Removes a product, from open carts too. Orders keep their copy.
#[utoipa::path(delete, path = "/v1/products/{sku}", tag = "Products", params(("sku" = String, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn delete(database: Database, Path(sku): Path<String>) -> Result<StatusCode, Problem> {
    let mut tx = database.begin().await?;
    if !record::delete(&mut tx, &sku).await? {
        return Err(unknown());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
