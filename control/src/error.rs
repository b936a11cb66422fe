//! What can go wrong in the domain, and how it is told: `Error::problem` is the one place where a
//! failure becomes a status, a stable code and a sentence. The cause of a 5xx is for the log only.

use std::time::Duration;

use mintreu_model::problem::{FieldError, Problem};

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("fields are wrong")]
    Invalid(Vec<FieldError>),
    /// Not there, or not for this actor's eyes.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("not logged in: {0}")]
    Unauthenticated(&'static str),
    #[error("forbidden: {code}")]
    Forbidden { code: &'static str, detail: String },
    #[error("conflict: {code}")]
    Conflict { code: &'static str, detail: String },
    #[error("too many attempts")]
    Throttled { retry_after: Duration },
    /// The database is away or locked: worth trying again.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// The connection broke off while a transaction was made permanent: it may be, or not.
    #[error("the connection broke off while the database was writing")]
    Uncertain(#[source] Cause),
    #[error("{what}")]
    Internal {
        what: &'static str,
        #[source]
        cause: Cause,
    },
}

impl Error {
    pub fn internal(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Internal { what, cause: cause.into() }
    }

    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Forbidden { code, detail: detail.into() }
    }

    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// One wrong field.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }

    /// What the person or program is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Invalid(errors) => Problem::fields(errors.clone()),
            Self::NotFound(what) => Problem::new(404, "not_found", "Not found", format!("There is no such {what}.")),
            Self::Unauthenticated(detail) => Problem::new(401, "unauthenticated", "Log in first", *detail),
            Self::Forbidden { code, detail } => Problem::new(403, code, "Not allowed", detail),
            Self::Conflict { code, detail } => Problem::new(409, code, "This conflicts with what is there", detail),
            Self::Throttled { retry_after } => Problem::new(
                429,
                "too_many_attempts",
                "Too many attempts",
                format!("Try again in {} seconds.", retry_after.as_secs().max(1)),
            ),
            Self::Unavailable(_) => Problem::new(
                503,
                "database_unavailable",
                "The platform cannot reach its database",
                "Nothing was changed. Try again in a moment.",
            ),
            Self::Uncertain(_) => Problem::new(
                503,
                "outcome_unknown",
                "The connection to the database broke off",
                "It may have been saved or not. Look whether it was before you send it again.",
            ),
            Self::Internal { .. } => Problem::new(
                500,
                "internal",
                "Something went wrong on our side",
                "It has been logged. Try again, and tell us the request id if it stays.",
            ),
        }
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

impl Error {
    /// A commit that failed. What the database answers is an answer; a connection that is lost is none.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable(cause) if cause.downcast_ref::<sqlx::Error>().is_none_or(|error| error.as_database_error().is_none()) => {
                Self::Uncertain(cause)
            }
            other => other,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let away = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                true
            }
            sqlx::Error::Database(cause) => cause.code().is_some_and(|code| is_away(&code)),
            _ => false,
        };
        if away { Self::Unavailable(error.into()) } else { Self::internal("a query failed", error) }
    }
}

/// Whether a database says by this code that it cannot work now.
fn is_away(code: &str) -> bool {
    // SQLite: busy, locked, read-only, full, cannot open. PostgreSQL: serialisation, deadlock, read-only.
    let single = matches!(code, "5" | "6" | "8" | "13" | "14" | "261" | "517" | "1032" | "40001" | "40P01" | "25006");
    // PostgreSQL: connection, resources, shutdown and start, input and output.
    single || (code.len() == 5 && ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)))
}

/// An error with the causes behind it, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn of_database(error: &Error) -> Option<&dyn sqlx::error::DatabaseError> {
    match error {
        Error::Internal { cause, .. } => cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error),
        _ => None,
    }
}

/// Whether a statement failed because something of that key is there already.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    of_database(error).is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether a statement failed because something still refers to what it would delete.
pub(crate) fn is_referenced(error: &Error) -> bool {
    of_database(error).is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}
