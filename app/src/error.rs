//! The two outcomes of a server function: `Done` or `Error`. An error is a `Problem`, the same
//! text that REST shows; the form layer turns it into a flash, `load` into a page. To report a new
//! kind of failure, make a `Problem`; there is no other type.

use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use mintreu_model::problem::Problem;
use serde::{Deserialize, Serialize};

/// A mutation that succeeded: where to go now and what to say there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Path on this host, with query if need be.
    pub location: String,
    /// Toast on the next page, one sentence. `None` says nothing.
    #[serde(default)]
    pub message: Option<String>,
    /// Shown on the next page this once, as `(label, value)`: a client id and its secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub once: Vec<(String, String)>,
}

impl Done {
    #[must_use]
    pub fn to(location: impl Into<String>) -> Self {
        Self { location: location.into(), message: None, once: Vec::new() }
    }

    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// Hands secrets to the next page, which shows them by `Secret`.
    #[must_use]
    pub fn showing(self, once: Vec<(String, String)>) -> Self {
        Self { once, ..self }
    }
}

/// A failure that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error(transparent)]
pub struct Error(pub Problem);

impl Error {
    #[must_use]
    pub fn not_found() -> Self {
        Self(Problem::new(404, "not_found", "This page does not exist", "The address may be mistyped, or what was here has been deleted."))
    }

    #[must_use]
    pub fn unauthenticated() -> Self {
        Self(Problem::new(401, "unauthenticated", "Log in to go on", "Log in to go on."))
    }

    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self(Problem::new(403, "forbidden", "You may not do this", detail))
    }

    #[must_use]
    pub fn internal() -> Self {
        Self(Problem::new(500, "internal", "Something broke on our side", "We have been told. Try again in a moment."))
    }

    /// A session could not be read or written, which only its database can be the reason of.
    #[must_use]
    pub fn session_unavailable() -> Self {
        let detail = "You are still as you were. Try again in a moment.";
        Self(Problem::new(503, "database_unavailable", "The platform cannot reach its database", detail))
    }

    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl FromServerFnError for Error {
    type Encoder = JsonEncoding;

    /// Arguments that cannot be read are the caller's mistake; the rest is ours and says nothing.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => Self(Problem::new(
                422,
                "form_unreadable",
                "The form could not be read",
                "A part of the form is missing or not in the expected form. Reload the page and try again.",
            )),
            _ => Self::internal(),
        }
    }
}
