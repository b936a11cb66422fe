//! The REST API, mounted at `/api/v1`: one file per noun, each a list of handlers that turn a
//! request into one call of the control plane. Who may call is decided by what a handler asks for:
//! `Caller` (a token), `Member<Right>` (a right in the tenant of the path), `Admin`, or nothing.
//! To add an operation: a handler with its `#[utoipa::path]`, a name in the noun's `routes()`, and
//! a line in the table of `tests/rest/access.rs`; the `OpenAPI` document and `/docs/api` follow.

mod account;
mod admin;
mod application;
mod audit;
mod catalogue;
pub mod docs;
mod document;
mod extract;
mod finish;
mod idempotency;
mod inbox;
mod invitation;
mod key;
mod member;
mod read;
mod refusal;
mod subscription;
mod tenant;
mod token;
#[expect(unused_qualifications, reason = "in what the macro of utoipa makes")]
mod usage;

use axum::{
    Json, Router,
    extract::State,
    http::{Method, StatusCode},
    middleware,
    response::IntoResponse,
    routing::get,
};
use mintreu_control::Control;
use mintreu_model::problem::Problem;
use utoipa_axum::router::OpenApiRouter;

pub use self::extract::ClientAddress;
use self::refusal::Refusal;

/// What a handler answers.
type Answer<T> = Result<Json<T>, Refusal>;
/// The same with a status of its own.
type Answered<T> = Result<(StatusCode, Json<T>), Refusal>;
/// Nothing to tell: 204.
type Done = Result<StatusCode, Refusal>;

fn operations() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(token::routes())
        .merge(tenant::routes())
        .merge(member::routes())
        .merge(invitation::routes())
        .merge(catalogue::routes())
        .merge(subscription::routes())
        .merge(application::routes())
        .merge(key::routes())
        .merge(usage::routes())
        .merge(inbox::routes())
        .merge(audit::routes())
        .merge(admin::routes())
}

/// The description of every operation, `OpenAPI` 3.1.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document::complete(operations().into_openapi())
}

/// The router, without `/api/v1`.
pub fn router(control: Control) -> Router {
    let (routes, document) = operations().split_for_parts();
    let document = document::complete(document).to_json().unwrap_or_default();
    routes
        .route("/openapi.json", get(|| async move { ([("content-type", "application/json")], document).into_response() }))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(control.clone(), idempotency::layer))
        .layer(middleware::from_fn_with_state(control.clone(), finish::layer))
        .with_state(control)
}

async fn unknown() -> Refusal {
    Refusal::from(Problem::new(404, "not_found", "Not found", "There is no such operation. All of them are described at /docs/api."))
}

async fn method_not_allowed(method: Method, State(_): State<Control>) -> Refusal {
    let detail = format!("This address does not take {method}. The Allow header says what it takes.");
    Refusal::from(Problem::new(405, "method_not_allowed", "This method is not offered here", detail))
}
