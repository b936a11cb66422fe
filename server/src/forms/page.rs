//! Problems that have no page to go back to, as a page of their own or as JSON.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mintreu_app::{assets::Assets, document::problem_document, request::PageRequest};
use mintreu_model::problem::Problem;

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A page without scripts: it may stand for a request that nothing is known about.
pub(crate) fn problem_page(problem: &Problem, assets: &Assets, request: &PageRequest) -> Response {
    (status(problem), [(header::CACHE_CONTROL, "no-store")], Html(problem_document(problem, assets, request))).into_response()
}

/// `application/problem+json`.
pub(crate) fn problem_json(problem: &Problem) -> Response {
    let body = serde_json::to_string(problem).unwrap_or_default();
    let mut response = (status(problem), body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
