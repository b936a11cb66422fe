//! An answer that says no. Handlers return it by `?`; the outermost layer writes it down, since
//! only that knows the request's id.

use std::sync::Arc;

use axum::{
    extract::rejection::PathRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mintreu_control::Error;
use mintreu_model::problem::{FieldError, Problem};

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) problem: Box<Problem>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    /// For the log only.
    pub(crate) cause: Option<Arc<Error>>,
}

impl Refusal {
    /// One wrong field: 422.
    pub(crate) fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Problem::fields(vec![FieldError::new(field, code, message)]).into()
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Error::NotFound(what).into()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None, cause: None }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let retry_after = match &error {
            Error::Throttled { retry_after } => Some(retry_after.as_secs().saturating_add(1)),
            Error::Unavailable(_) | Error::Uncertain(_) => Some(2),
            _ => None,
        };
        Self { problem: Box::new(error.problem()), retry_after, cause: Some(Arc::new(error)) }
    }
}

impl From<Vec<FieldError>> for Refusal {
    fn from(errors: Vec<FieldError>) -> Self {
        Problem::fields(errors).into()
    }
}

/// An id or name in the path that cannot be one.
impl From<PathRejection> for Refusal {
    fn from(_: PathRejection) -> Self {
        Self::not_found("object")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
