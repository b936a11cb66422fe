//! Extractors that refuse in the platform's way: [`Body`] (JSON), [`Query`], [`Path`].
//!
//! They exist because axum's answer plain text and 400 for everything. A body that is no JSON is
//! 400; JSON of the wrong shape, an unknown field included, is 422 and names the field; a body over
//! the limit is 413; anything but JSON is 415.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{FieldError, Problem};
use crate::request::BodyLimit;

/// A JSON body of the shape `T`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(is_json) {
            let detail = "Send JSON, with Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        parse(&read(request).await?).map(Self)
    }
}

/// Collects a body, never more of it than the service's limit.
pub(crate) async fn read(request: Request) -> Result<axum::body::Bytes, Problem> {
    let limit = request.extensions().get::<BodyLimit>().copied().unwrap_or_default().0;
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| too_large_or_broken(&error, limit))
}

fn too_large_or_broken(error: &axum::Error, limit: usize) -> Problem {
    use std::error::Error as _;
    // `to_bytes` tells "over the limit" from "the client went away" by the source only.
    if error.source().is_some_and(|source| source.to_string().contains("limit")) {
        return too_large(limit);
    }
    Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", "The body ended early.")
}

pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {limit} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads `T` from JSON text.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        shape_problem(&path, error.inner())
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "json_malformed", format!("The body is not JSON: {error}."))
}

fn shape_problem(path: &str, error: &serde_json::Error) -> Problem {
    if error.classify() != Category::Data {
        return malformed(error);
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Problem::fields(vec![field_error(path, message)])
}

/// serde names unknown and missing fields in its message only, with the path of their parent.
fn field_error(path: &str, message: &str) -> FieldError {
    let parent = if path == "." { "" } else { path };
    let named = |code: &str, prefix: &str, says: &str| {
        let name = message.strip_prefix(prefix)?.split('`').next()?;
        let own = parent == name || parent.ends_with(&format!(".{name}"));
        let field = match parent {
            "" => name.to_owned(),
            _ if own => parent.to_owned(),
            _ => format!("{parent}.{name}"),
        };
        Some(FieldError { field, code: code.to_owned(), message: says.to_owned() })
    };
    named("unknown", "unknown field `", "There is no such field.")
        .or_else(|| named("required", "missing field `", "Say this."))
        .unwrap_or_else(|| FieldError {
            field: if parent.is_empty() { "body".to_owned() } else { parent.to_owned() },
            code: "invalid".to_owned(),
            message: format!("Not understood: {message}."),
        })
}

/// The query string as `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let outcome = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        outcome.map(|query| Self(query.0)).map_err(|rejection: QueryRejection| {
            let text = rejection.body_text();
            let message = text.rsplit("query string: ").next().unwrap_or_default();
            let (path, message) = message.split_once(": ").unwrap_or(("", message));
            let error = field_error(path, message);
            let field = if error.field == "body" { "query".to_owned() } else { error.field };
            Problem::fields(vec![FieldError { field, ..error }])
        })
    }
}

/// The variables of the path as `T`. What cannot be one is a thing that does not exist: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // No id has a null byte, and PostgreSQL refuses text with one.
        if parts.uri.path().contains("%00") {
            return Err(Problem::not_found("resource"));
        }
        let outcome = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        outcome.map(|path| Self(path.0)).map_err(|_: PathRejection| Problem::not_found("resource"))
    }
}
