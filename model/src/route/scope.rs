//! What a key may call: `*`, or `METHOD /pattern`, where METHOD may be `*`.
//!
//! A scope has a second spelling with a colon, `GET:/v1/orders/{id}`, because the token endpoint
//! separates scopes by spaces (RFC 6749 §3.3). Both are read; text and JSON use the space.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{RoutePattern, method_is_valid, method_matches};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Option<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Part {
    method: Box<str>,
    pattern: RoutePattern,
}

/// Text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidScope(String);

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a scope is * or METHOD /pattern: {}", self.0)
    }
}

impl std::error::Error for InvalidScope {}

impl Scope {
    /// `*`: every exposed route.
    #[must_use]
    pub fn everything() -> Self {
        Self(None)
    }

    /// Whether the call is within the scope; `path` has passed [`super::check_path`].
    #[must_use]
    pub fn allows(&self, method: &str, path: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|part| method_matches(&part.method, method) && part.pattern.matches(path))
    }

    /// Whether `other` asks for nothing that `self` does not give.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => method_matches(&ours.method, &theirs.method) && ours.pattern.covers(&theirs.pattern),
        }
    }

    /// The spelling without a space, for OAuth.
    #[must_use]
    pub fn to_token(&self) -> String {
        self.0.as_ref().map_or_else(|| "*".to_owned(), |part| format!("{}:{}", part.method, part.pattern))
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if text == "*" {
            return Ok(Self(None));
        }
        let (method, pattern) = text.split_once([' ', ':']).ok_or_else(|| InvalidScope("name a method and a pattern".to_owned()))?;
        if !method_is_valid(method) {
            return Err(InvalidScope(format!("{method:?} is no upper-case method")));
        }
        let pattern = pattern.parse().map_err(|wrong| InvalidScope(format!("{wrong}")))?;
        Ok(Self(Some(Part { method: method.into(), pattern })))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("*"),
            Some(part) => write!(f, "{} {}", part.method, part.pattern),
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("`*`, or `GET /v1/orders/{id}`; the method may be `*`"))
            .build()
            .into()
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::ToSchema for Scope {}
