//! Carts over HTTP.

use axum::Json;
use http::StatusCode;
use mintreu_kit::{Body, Check, Database, Path, Problem, Tx, new_id, now};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Cart, Checkout, Quantity, record};
use crate::order::{self, Draft, LINES, Line, NewItem, Order, Placed, QUANTITY, check_customer};
use crate::product::is_sku;

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(show, delete))
        .routes(routes!(add_item))
        .routes(routes!(set_item, remove_item))
        .routes(routes!(check_out))
}

fn unknown() -> Problem {
    Problem::not_found("cart")
}

async fn find(tx: &mut Tx, id: &str) -> Result<Cart, Problem> {
    record::find(tx, id).await?.ok_or_else(unknown)
}

/// Locks the cart for a change, or says why there is none to be made.
async fn lock(tx: &mut Tx, id: &str) -> Result<(), Problem> {
    if record::touch(tx, id, now()).await? {
        return Ok(());
    }
    let cart = find(tx, id).await?;
    let order = cart.order_id.unwrap_or_default();
    Err(Problem::conflict("cart_checked_out", format!("This cart became order {order}.")))
}

/// Puts `quantity` of a product into a locked cart.
async fn put(tx: &mut Tx, cart: &str, sku: &str, quantity: i64) -> Result<(), Problem> {
    let mut check = Check::new();
    check.range("quantity", &quantity, &QUANTITY);
    let known = is_sku(sku) && record::on_sale(tx, sku).await?;
    check.require(known, "sku", "unknown", "There is no such product on sale.");
    check.finish()?;
    record::set_item(tx, cart, sku, quantity).await?;
    if usize::try_from(record::count(tx, cart).await?).is_ok_and(|count| count > LINES) {
        return Err(Problem::field("sku", "too_long", format!("A cart holds at most {LINES} different items.")));
    }
    Ok(())
}

/// Starts an empty cart.
#[utoipa::path(post, path = "/v1/carts", tag = "Carts", responses((status = 201, body = Cart)))]
async fn create(database: Database) -> Result<(StatusCode, Json<Cart>), Problem> {
    let id = new_id("crt");
    let mut tx = database.begin().await?;
    record::insert(&mut tx, &id, now()).await?;
    let cart = find(&mut tx, &id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(cart)))
}

/// One cart, at today's prices.
#[utoipa::path(get, path = "/v1/carts/{cart}", tag = "Carts", params(("cart" = String, Path)), responses(
    (status = 200, body = Cart),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn show(database: Database, Path(id): Path<String>) -> Result<Json<Cart>, Problem> {
    let mut tx = database.begin().await?;
    Ok(Json(find(&mut tx, &id).await?))
}

/// Throws a cart away. The order that it became stays.
#[utoipa::path(delete, path = "/v1/carts/{cart}", tag = "Carts", params(("cart" = String, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn delete(database: Database, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let mut tx = database.begin().await?;
    if !record::delete(&mut tx, &id).await? {
        return Err(unknown());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds to what is in the cart.
#[utoipa::path(post, path = "/v1/carts/{cart}/items", tag = "Carts", params(("cart" = String, Path)),
    request_body = NewItem, responses(
    (status = 200, body = Cart),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cart_checked_out`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn add_item(database: Database, Path(id): Path<String>, Body(item): Body<NewItem>) -> Result<Json<Cart>, Problem> {
    let mut check = Check::new();
    check.range("quantity", &item.quantity, &QUANTITY);
    check.require(is_sku(&item.sku), "sku", "unknown", "There is no such product on sale.");
    check.finish()?;
    let mut tx = database.begin().await?;
    lock(&mut tx, &id).await?;
    let before = record::quantity(&mut tx, &id, &item.sku).await?;
    put(&mut tx, &id, &item.sku, before.saturating_add(item.quantity)).await?;
    let cart = find(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(cart))
}

/// Sets how many of a product are in the cart.
#[utoipa::path(put, path = "/v1/carts/{cart}/items/{sku}", tag = "Carts",
    params(("cart" = String, Path), ("sku" = String, Path)), request_body = Quantity, responses(
    (status = 200, body = Cart),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cart_checked_out`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn set_item(
    database: Database,
    Path((id, sku)): Path<(String, String)>,
    Body(Quantity { quantity }): Body<Quantity>,
) -> Result<Json<Cart>, Problem> {
    let mut tx = database.begin().await?;
    lock(&mut tx, &id).await?;
    put(&mut tx, &id, &sku, quantity).await?;
    let cart = find(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(cart))
}

/// Takes a product out of the cart.
#[utoipa::path(delete, path = "/v1/carts/{cart}/items/{sku}", tag = "Carts",
    params(("cart" = String, Path), ("sku" = String, Path)), responses(
    (status = 200, body = Cart),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cart_checked_out`"),
))]
async fn remove_item(database: Database, Path((id, sku)): Path<(String, String)>) -> Result<Json<Cart>, Problem> {
    let mut tx = database.begin().await?;
    lock(&mut tx, &id).await?;
    if !record::remove_item(&mut tx, &id, &sku).await? {
        return Err(Problem::not_found("item in this cart"));
    }
    let cart = find(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(cart))
}

/// Makes the cart an order, once: repeated, it answers 200 with the same order.
#[utoipa::path(post, path = "/v1/carts/{cart}/checkout", tag = "Carts", params(("cart" = String, Path)),
    request_body = Checkout, responses(
    (status = 201, body = Order),
    (status = 200, body = Order, description = "It was checked out before"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json",
        description = "`out_of_stock`, `cart_empty`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn check_out(
    database: Database,
    Path(id): Path<String>,
    Body(checkout): Body<Checkout>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    let mut check = Check::new();
    check_customer(&mut check, checkout.customer.as_ref(), checkout.customer_id.as_deref());
    check.finish()?;
    let mut tx = database.begin().await?;
    let locked = record::touch(&mut tx, &id, now()).await?;
    let cart = find(&mut tx, &id).await?;
    if let (false, Some(order)) = (locked, &cart.order_id) {
        let order = order::find(&mut tx, order).await?.ok_or_else(unknown)?;
        return Ok((StatusCode::OK, Json(order)));
    }
    if cart.items.is_empty() {
        return Err(Problem::conflict("cart_empty", "There is nothing in this cart."));
    }
    let lines = cart.items.into_iter().enumerate().map(|(index, item)| Line {
        field: format!("items[{index}]"),
        sku: item.sku,
        quantity: item.quantity,
    });
    let draft = Draft {
        currency: None,
        customer: checkout.customer.as_ref(),
        customer_id: checkout.customer_id.as_deref(),
        lines: lines.collect(),
        idempotency: None,
    };
    let (Placed::New(order) | Placed::Before(order)) = order::place(&mut tx, draft, now()).await?;
    record::check_out(&mut tx, &id, &order).await?;
    let order = order::find(&mut tx, &order).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(order)))
}
