//! Errors as a client meets them: RFC 9457 problem details with a stable `code`.
//!
//! A handler answers `Result<_, Problem>`; this file is the one mapping from errors to answers. What
//! only the operator may know (SQL, addresses) goes to the log here and never into the answer. Add a
//! constructor when a kind of refusal is needed in two places.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The path of the field: `name`, `items[2].quantity`.
    pub field: String,
    /// Stable: `required too_long too_short invalid unknown taken out_of_range`.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
}

/// A refusal or failure, and everything that may be said about it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// Stable, for programs: `out_of_stock`.
    code: &'static str,
    /// For people; may change.
    detail: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into().into(),
            request_id: None,
            errors: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// 422 with every wrong field.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            several => format!("{} fields are not right.", several.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail) }
    }

    /// 422 with one wrong field.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.to_owned(), code: code.to_owned(), message: message.into() }])
    }

    /// Names a field that this refusal is about, besides its code.
    #[must_use]
    pub fn and_field(mut self, field: &str, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        self.errors.push(FieldError { field: field.to_owned(), code: code.to_owned(), message });
        self
    }

    /// 404: there is no such thing in this application.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// 409: the request is fine, the state of things is not.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 500 with nothing but an apology; `source` is logged.
    pub fn internal(source: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %source, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
    }

    /// 503 for what should be over in a moment.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: &str) -> Self {
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail) }
    }

    pub(crate) fn identity_invalid(reason: &str) -> Self {
        tracing::warn!(reason, "identity refused");
        // The reason helps a forger more than anybody else: it is in the log only.
        Self::new(StatusCode::UNAUTHORIZED, "identity_invalid", "The platform's identity does not prove this call.")
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn with_request_id(mut self, id: &str) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // The request layer adds the request's id, which nothing further in knows.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        let busy = || Self::unavailable("database_unavailable", "The application's database cannot be reached now.");
        match &error {
            Error::PoolTimedOut | Error::PoolClosed | Error::Io(_) => {
                tracing::warn!(%error, "database unavailable");
                busy()
            }
            // SQLite: busy, locked, cannot open. PostgreSQL: class 08, 3D000, 53300, 57P0x, 40001, 40P01.
            Error::Database(database) if database.code().is_some_and(|code| is_passing(&code)) => {
                tracing::warn!(%error, "database unavailable");
                busy()
            }
            _ => Self::internal(&error),
        }
    }
}

fn is_passing(code: &str) -> bool {
    matches!(code, "5" | "6" | "14" | "261" | "262" | "517" | "3D000" | "53300" | "40001" | "40P01")
        || code.starts_with("08")
        || code.starts_with("57P0")
}
