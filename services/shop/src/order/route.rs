//! Orders over HTTP.

use axum::Json;
use http::{HeaderMap, StatusCode};
use mintreu_kit::{Body, Check, Database, Page, PageQuery, Path, Problem, Query, now};
use sha2::{Digest as _, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::place::Idempotency;
use super::{Draft, Line, NewOrder, Order, OrderQuery, Placed, Status, place, record};

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(pay))
        .routes(routes!(fulfill))
        .routes(routes!(cancel))
        .routes(routes!(refund))
}

fn unknown() -> Problem {
    Problem::not_found("order")
}

/// Orders, newest first, a page at a time.
#[utoipa::path(get, path = "/v1/orders", tag = "Orders", params(OrderQuery), responses(
    (status = 200, body = Page<Order>),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn list(database: Database, Query(query): Query<OrderQuery>) -> Result<Json<Page<Order>>, Problem> {
    let mut check = Check::new();
    if let Some(customer) = &query.customer_id {
        check.line("customer_id", customer, 0..=64);
    }
    check.finish()?;
    let page = PageQuery { limit: query.limit, cursor: query.cursor }.validate()?;
    let orders = record::list(&database, query.status, query.customer_id.as_deref(), &page).await?;
    Ok(Json(page.page(orders, |order| &order.id)))
}

/// Places an order at today's prices and takes the goods off the shelf.
#[utoipa::path(post, path = "/v1/orders", tag = "Orders", request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 visible characters. The same request under the same key is served once.")),
    responses(
    (status = 201, body = Order),
    (status = 409, body = Problem, content_type = "application/problem+json",
        description = "`out_of_stock`, `idempotency_key_reused`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn create(database: Database, headers: HeaderMap, Body(order): Body<NewOrder>) -> Result<(StatusCode, Json<Order>), Problem> {
    order.validate()?;
    let idempotency = idempotency(&headers, &order)?;
    let lines = order.items.iter().enumerate().map(|(index, item)| Line {
        field: format!("items[{index}]"),
        sku: item.sku.clone(),
        quantity: item.quantity,
    });
    let draft = Draft {
        currency: order.currency.as_deref(),
        customer: order.customer.as_ref(),
        customer_id: order.customer_id.as_deref(),
        lines: lines.collect(),
        idempotency,
    };
    let mut tx = database.begin().await?;
    let placed = place(&mut tx, draft, now()).await?;
    let (Placed::New(id) | Placed::Before(id)) = &placed;
    let order = record::find(&mut tx, id).await?.ok_or_else(unknown)?;
    // A repeated request took a number for nothing: without the commit it goes back.
    if matches!(placed, Placed::New(_)) {
        tx.commit().await?;
    }
    Ok((StatusCode::CREATED, Json(order)))
}

fn idempotency(headers: &HeaderMap, order: &NewOrder) -> Result<Option<Idempotency>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
    let key = key.ok_or_else(|| Problem::field("Idempotency-Key", "invalid", "Use 1 to 255 visible ASCII characters."))?;
    let asked = serde_json::to_vec(order).map_err(|error| Problem::internal(&error))?;
    Ok(Some(Idempotency { key: key.to_owned(), digest: hex::encode(Sha256::digest(asked)) }))
}

/// One order.
#[utoipa::path(get, path = "/v1/orders/{order}", tag = "Orders", params(("order" = String, Path)), responses(
    (status = 200, body = Order),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn show(database: Database, Path(id): Path<String>) -> Result<Json<Order>, Problem> {
    record::show(&database, &id).await?.map(Json).ok_or_else(unknown)
}

async fn transition(database: &Database, id: &str, to: Status) -> Result<Json<Order>, Problem> {
    let mut tx = database.begin().await?;
    let from = record::status(&mut tx, id).await?.ok_or_else(unknown)?;
    let illegal = |from: Status| {
        let detail = format!("An order that is {} cannot become {}.", from.as_str(), to.as_str());
        Problem::conflict("transition_illegal", detail)
    };
    if !from.may_become(to) {
        return Err(illegal(from));
    }
    let now = now();
    if !record::transition(&mut tx, id, from, to, now).await? {
        // Somebody else was faster; the refusal names what the order has become meanwhile.
        return Err(illegal(record::status(&mut tx, id).await?.unwrap_or(from)));
    }
    if from.returns_stock(to) {
        record::return_stock(&mut tx, id, now).await?;
    }
    let order = record::find(&mut tx, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(Json(order))
}

macro_rules! transitions {
    ($($(#[$doc:meta])* $name:ident $path:literal $status:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "Orders", params(("order" = String, Path)), responses(
            (status = 200, body = Order),
            (status = 404, body = Problem, content_type = "application/problem+json"),
            (status = 409, body = Problem, content_type = "application/problem+json",
                description = "`transition_illegal`"),
        ))]
        async fn $name(database: Database, Path(id): Path<String>) -> Result<Json<Order>, Problem> {
            transition(&database, &id, Status::$status).await
        }
    )*};
}

transitions! {
    /// Marks an open order as paid.
    pay "/v1/orders/{order}/pay" Paid;
    /// Marks a paid order as fulfilled.
    fulfill "/v1/orders/{order}/fulfill" Fulfilled;
    /// Cancels an open or paid order and returns its stock.
    cancel "/v1/orders/{order}/cancel" Cancelled;
    /// Marks a paid or fulfilled order as refunded; what was not yet fulfilled returns to stock.
    refund "/v1/orders/{order}/refund" Refunded;
}
