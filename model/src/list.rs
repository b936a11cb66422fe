//! Lists: one request and one answer for REST (cursor) and pages (page number, total).

use serde::{Deserialize, Serialize};

/// What to list. Unset fields mean no restriction; `limit` is held to 1–100 by `limit()`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ListQuery {
    /// Free text, matched on normalised names.
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    /// Column to sort by; a leading `-` sorts downwards. Unknown columns are ignored.
    #[serde(default)]
    pub sort: Option<String>,
    /// Rows of one answer, 25 unless told, at most 100.
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next_cursor` of the answer before, with the same `sort`.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Page number from 1, for pages; not together with `cursor`.
    #[serde(default)]
    pub page: Option<u32>,
}

impl ListQuery {
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.unwrap_or(25).clamp(1, 100))
    }

    /// Rows before the page of that number.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::from(self.page.unwrap_or(1).max(1) - 1) * self.limit()
    }

    /// Lowercased search text as a LIKE pattern with `\` as escape, without the control characters
    /// that no name has and PostgreSQL refuses, and trimmed; `None` matches all.
    #[must_use]
    pub fn pattern(&self) -> Option<String> {
        let text: String = self.q.as_deref()?.chars().filter(|character| !character.is_control()).collect();
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return None;
        }
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(format!("%{escaped}%"))
    }

    /// The status asked for; an empty one means all. What cannot be a status is one that nothing has.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        let status = self.status.as_deref().filter(|status| !status.is_empty())?;
        Some(if status.contains(char::is_control) { "?" } else { status })
    }
}

/// Rows of a list with what is needed to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct List<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
    /// Rows over all pages.
    pub total: i64,
}

impl<T> List<T> {
    /// A list that is never cut into pages.
    #[must_use]
    pub fn whole(data: Vec<T>) -> Self {
        let total = i64::try_from(data.len()).unwrap_or(i64::MAX);
        Self { data, next_cursor: None, total }
    }

    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> List<U> {
        List { data: self.data.into_iter().map(convert).collect(), next_cursor: self.next_cursor, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_database() {
        let query = ListQuery { q: Some(" a\u{0}B\u{1f} ".into()), status: Some("act\u{0}ive".into()), ..Default::default() };
        assert_eq!((query.pattern().as_deref(), query.status()), (Some("%ab%"), Some("?")));
        let query = ListQuery { q: Some("\u{0}".into()), status: Some("active".into()), ..Default::default() };
        assert_eq!((query.pattern(), query.status()), (None, Some("active")));
    }
}
