//! `/v1/orders/{id}`: literals, `{name}` for one non-empty segment, `{*name}` for the tail.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Segment {
    Literal(Box<str>),
    /// One segment of at least one byte.
    One,
    /// The rest, slashes included; it may be empty, but the slash before it must be there.
    Rest,
}

/// A pattern over the raw bytes of a path. Its text is its identity: it names the route in usage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoutePattern {
    text: Box<str>,
    /// How much of the text comes before the first placeholder.
    literal: usize,
    segments: Box<[Segment]>,
}

/// Why a text is not a pattern, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern(&'static str);

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidPattern {}

impl RoutePattern {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `path`, which has passed [`super::check_path`], is of this shape.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        // Most patterns are not the one: a comparison settles that.
        if !self.text.as_bytes().get(..self.literal).is_some_and(|literal| path.starts_with(literal)) {
            return false;
        }
        let Some(tail) = path.strip_prefix(b"/") else {
            return false;
        };
        let mut given = tail.split(|&byte| byte == b'/');
        for segment in &self.segments {
            match (segment, given.next()) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(value)) if !value.is_empty() => {}
                (Segment::Literal(literal), Some(value)) if literal.as_bytes() == value => {}
                _ => return false,
            }
        }
        given.next().is_none()
    }

    /// Whether every path of `other` is a path of `self`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut theirs = other.segments.iter();
        for ours in &self.segments {
            match (ours, theirs.next()) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(Segment::One)) => {}
                (Segment::One, Some(Segment::Literal(literal))) if !literal.is_empty() => {}
                (Segment::Literal(a), Some(Segment::Literal(b))) if a == b => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }
}

fn segment(text: &str) -> Result<Segment, InvalidPattern> {
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let (kind, name) = name.strip_prefix('*').map_or((Segment::One, name), |name| (Segment::Rest, name));
        let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return if valid { Ok(kind) } else { Err(InvalidPattern("a placeholder is {name} or {*name}, with letters, digits and _")) };
    }
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || b"{}\\?#".contains(&byte)) {
        return Err(InvalidPattern("a literal segment has no spaces, braces, \\, ? or #"));
    }
    Ok(Segment::Literal(text.into()))
}

impl FromStr for RoutePattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.len() > 1024 {
            return Err(InvalidPattern("a pattern has at most 1024 characters"));
        }
        let tail = text.strip_prefix('/').ok_or(InvalidPattern("a pattern begins with /"))?;
        super::check_path(text.as_bytes(), true).map_err(|refused| {
            InvalidPattern(match refused {
                super::PathRefused::Reserved => ".mintreu is reserved for the platform",
                super::PathRefused::InvalidEscape => "a percent escape is % and two digits",
                _ => "a pattern has no dot segments, backslashes or control characters",
            })
        })?;
        let segments = tail.split('/').map(segment).collect::<Result<Box<[_]>, _>>()?;
        if segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err(InvalidPattern("{*name} stands at the end"));
        }
        Ok(Self { text: text.into(), literal: text.find('{').unwrap_or(text.len()), segments })
    }
}

impl fmt::Display for RoutePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RoutePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RoutePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::PartialSchema for RoutePattern {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("`/v1/orders/{id}`: `{name}` is one segment, `{*name}` the tail"))
            .pattern(Some("^/"))
            .build()
            .into()
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::ToSchema for RoutePattern {}
