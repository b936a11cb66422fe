//! The outermost layer: gives each request an id, writes refusals down as problem details, logs
//! what went wrong on our side, and survives a panic.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use mintreu_control::{Control, chain};
use mintreu_model::{id::RequestId, problem::Problem};

use super::refusal::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn layer(State(control): State<Control>, request: Request, next: Next) -> Response {
    let id = RequestId(control.random.uuid(control.clock.system_now())).to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(request_id = id, %method, path, "a handler of the REST API panicked");
        internal().into_response()
    });
    if let Some(refusal) = response.extensions_mut().remove::<Arc<Refusal>>() {
        if let Some(cause) = refusal.cause.as_deref().filter(|_| refusal.status().is_server_error()) {
            tracing::error!(request_id = id, %method, path, error = chain(cause), "a request failed");
        }
        response = write_down(&refusal, &id, response);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

pub(crate) fn internal() -> Refusal {
    Problem::new(
        500,
        "internal",
        "Something went wrong on our side",
        "It has been logged. Try again, and tell us the request id if it stays.",
    )
    .into()
}

/// The refusal as a body; headers that are set already (`Allow`) stay.
fn write_down(refusal: &Refusal, id: &str, mut response: Response) -> Response {
    let problem = Problem { request_id: Some(id.to_owned()), ..(*refusal.problem).clone() };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refusal.status() == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mintreu\""));
    }
    *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
    response
}
