//! Customers over HTTP.

use axum::Json;
use http::StatusCode;
use mintreu_kit::{Body, Check, Database, Page, PageQuery, Path, Problem, Query, now};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Customer, CustomerChange, CustomerQuery, NewCustomer, record};

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, update, delete))
}

fn unknown() -> Problem {
    Problem::not_found("customer")
}

fn taken() -> Problem {
    Problem::conflict("email_taken", "There is a customer with this address already.")
}

/// Customers, newest first, a page at a time.
#[utoipa::path(get, path = "/v1/customers", tag = "Customers", params(CustomerQuery), responses(
    (status = 200, body = Page<Customer>),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn list(database: Database, Query(query): Query<CustomerQuery>) -> Result<Json<Page<Customer>>, Problem> {
    let mut check = Check::new();
    if let Some(email) = &query.email {
        check.line("email", email, 0..=254);
    }
    check.finish()?;
    let page = PageQuery { limit: query.limit, cursor: query.cursor }.validate()?;
    let customers = record::list(&database, query.email.as_deref(), &page).await?;
    Ok(Json(page.page(customers, |customer| &customer.id)))
}

/// Adds a customer.
#[utoipa::path(post, path = "/v1/customers", tag = "Customers", request_body = NewCustomer, responses(
    (status = 201, body = Customer),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`email_taken`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn create(database: Database, Body(customer): Body<NewCustomer>) -> Result<(StatusCode, Json<Customer>), Problem> {
    let mut check = Check::new();
    customer.check(&mut check, "");
    check.finish()?;
    let mut tx = database.begin().await?;
    let created = record::insert(&mut tx, &customer, now()).await?.ok_or_else(taken)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// One customer.
#[utoipa::path(get, path = "/v1/customers/{customer}", tag = "Customers", params(("customer" = String, Path)),
    responses(
    (status = 200, body = Customer),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
async fn show(database: Database, Path(id): Path<String>) -> Result<Json<Customer>, Problem> {
    record::show(&database, &id).await?.map(Json).ok_or_else(unknown)
}

/// Changes a customer. Orders keep the name and address they were placed with.
#[utoipa::path(patch, path = "/v1/customers/{customer}", tag = "Customers", params(("customer" = String, Path)),
    request_body = CustomerChange, responses(
    (status = 200, body = Customer),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`email_taken`"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
async fn update(database: Database, Path(id): Path<String>, Body(change): Body<CustomerChange>) -> Result<Json<Customer>, Problem> {
    let mut check = Check::new();
    if let Some(email) = &change.email {
        check.email("email", email);
    }
    if let Some(name) = &change.name {
        check.line("name", name, 1..=200);
    }
    check.finish()?;
    let mut tx = database.begin().await?;
    let updated = record::update(&mut tx, &id, &change, now()).await.map_err(|error| {
        let unique = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
        if unique { taken() } else { error.into() }
    })?;
    let customer = updated.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(Json(customer))
}

/// Removes a customer. Orders keep the name and address they were placed with.
#[utoipa::path(delete, path = "/v1/customers/{customer}", tag = "Customers", params(("customer" = String, Path)),
    responses(
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
