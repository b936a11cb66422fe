//! What a client has already (RFC 9110 §13): tags and dates, compared with a stored answer's.

use chrono::DateTime;
use http::{HeaderValue, StatusCode, header};

use super::store::Stored;
use crate::message::Fields;

/// `If-None-Match` and `If-Modified-Since` of a client.
#[derive(Default)]
pub(super) struct Conditions {
    tags: Vec<HeaderValue>,
    since: Option<HeaderValue>,
}

impl Conditions {
    pub(super) fn of(given: &Fields) -> Self {
        Self { tags: given.get_all(header::IF_NONE_MATCH).cloned().collect(), since: given.get(header::IF_MODIFIED_SINCE).cloned() }
    }

    /// The same, and the service is not asked for them.
    pub(super) fn take(given: &mut Fields) -> Self {
        let conditions = Self::of(given);
        given.remove(header::IF_NONE_MATCH);
        given.remove(header::IF_MODIFIED_SINCE);
        conditions
    }

    /// Whether the client has what is stored.
    pub(super) fn current(&self, stored: &Stored) -> bool {
        if stored.status != StatusCode::OK {
            return false;
        }
        if !self.tags.is_empty() {
            let Some(tag) = stored.fields.get(header::ETAG).and_then(|tag| opaque(tag.to_str().ok()?)) else {
                return self.tags.iter().any(|line| line.as_bytes() == b"*");
            };
            return self.tags.iter().filter_map(|line| line.to_str().ok()).any(|line| line.trim() == "*" || has(line, tag));
        }
        let modified = stored.fields.get(header::LAST_MODIFIED).and_then(timestamp);
        self.since.as_ref().and_then(timestamp).zip(modified).is_some_and(|(since, modified)| modified <= since)
    }
}

/// The tag without its weakness, which does not matter here (§8.8.3.2).
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')
}

/// Whether the list has the tag. Tags may contain commas.
fn has(list: &str, tag: &str) -> bool {
    list.split('"').skip(1).step_by(2).any(|one| one == tag)
}

/// Seconds since 1970.
pub(super) fn timestamp(date: &HeaderValue) -> Option<i64> {
    DateTime::parse_from_rfc2822(date.to_str().ok()?).ok().map(|date| date.timestamp())
}
