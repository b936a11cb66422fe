//! What surrounds every request: its id, its span in the log, the bound on its body, and a task of
//! its own.
//!
//! The handler runs in a task of its own because a client may hang up at any point: work on a
//! database is then finished and not cut in the middle of a transaction. A panic becomes a 500.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tracing::Instrument as _;

use crate::body::too_large;
use crate::id::new_id;
use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most bytes a body may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(1024 * 1024)
    }
}

/// The outermost layer.
pub(crate) async fn surround(State(limit): State<BodyLimit>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    let announced = announced_length(request.headers());
    request.extensions_mut().insert(limit);
    let mut response = if announced.is_some_and(|length| length > limit.0) {
        too_large(limit.0).into_response()
    } else {
        match tokio::spawn(next.run(request).instrument(span.clone())).await {
            Ok(response) => response,
            Err(error) => span.in_scope(|| Problem::internal(&error)).into_response(),
        }
    };
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let kept = response.headers().clone();
        response = problem.with_request_id(&id).into_response();
        for (name, value) in &kept {
            if name != header::CONTENT_LENGTH {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The platform's id of this request, or one of our own when it has none that is fit to be logged.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    given
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| new_id("req"), str::to_owned)
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
