//! Which calls a service exposes and which of them a key may make: route patterns, rules, scopes,
//! and the check that a path must pass before anything is matched against it.
//!
//! Matching works on the raw bytes of the path, segment by segment, and never decodes what it then
//! forwards: what is authorised is byte for byte what the service sees. A path that two programs
//! could read differently is refused by [`check_path`] instead of being put right.
//! To add a kind of segment, add it to `Segment` and to `matches` and `covers` below.

mod path;
mod pattern;
mod scope;

use serde::{Deserialize, Serialize};

pub use path::{PathRefused, check_path};
pub use pattern::{InvalidPattern, RoutePattern};
pub use scope::{InvalidScope, Scope};

/// One line of a service's allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct RouteRule {
    /// Upper-case methods, or `*` for all. `GET` admits `HEAD`.
    pub methods: Vec<String>,
    pub path: RoutePattern,
    /// Whether `%2F` may stand in the path.
    #[serde(default)]
    pub allow_encoded_slash: bool,
}

impl RouteRule {
    /// What is wrong with the rule, as a sentence.
    pub fn validate(&self) -> Result<(), String> {
        if self.methods.is_empty() {
            return Err("name at least one method, or * for all".to_owned());
        }
        match self.methods.iter().find(|method| !method_is_valid(method)) {
            Some(method) => Err(format!("{method:?} is not an upper-case HTTP method or *")),
            None => Ok(()),
        }
    }

    #[must_use]
    pub fn allows_method(&self, method: &str) -> bool {
        self.methods.iter().any(|allowed| method_matches(allowed, method))
    }
}

/// `*`, or a token in upper case (RFC 9110 §9.1). `CONNECT` and `TRACE` are never forwarded.
fn method_is_valid(method: &str) -> bool {
    method == "*"
        || (!method.is_empty()
            && method.len() <= 32
            && !matches!(method, "CONNECT" | "TRACE")
            && method.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_')))
}

/// HEAD is GET without the body (RFC 9110 §9.3.2), so that allowing GET allows it.
fn method_matches(allowed: &str, method: &str) -> bool {
    allowed == "*" || allowed == method || (allowed == "GET" && method == "HEAD")
}

#[cfg(test)]
mod tests;
