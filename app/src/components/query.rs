//! The query string as state: filters, sort, page, range and tab live in the URL, so every state
//! of a page can be linked, kept and sent. Links are made by changing a copy of the current one.

use mintreu_model::list::ListQuery;

use crate::request::PageRequest;

/// Encodes for a query value.
#[must_use]
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Pairs of a query string in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The query of the page at hand.
    #[must_use]
    pub fn current() -> Self {
        Self::parse(&PageRequest::current().query)
    }

    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// First value of the key; an empty one counts as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of the key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A copy in which the key has this one value; an empty value removes it. Going to another
    /// list means its first page, so everything but `page` itself drops `page`.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        let mut pairs: Vec<_> = self.0.iter().filter(|(name, _)| name != key && (key == "page" || name != "page")).cloned().collect();
        if !value.is_empty() {
            pairs.push((key.to_owned(), value.to_owned()));
        }
        Self(pairs)
    }

    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        keys.iter().fold(self.clone(), |query, key| query.with(key, ""))
    }

    /// Pairs that are not named: a filter form sends them along as hidden inputs.
    #[must_use]
    pub fn others(&self, keys: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, value)| name != "page" && !value.is_empty() && !keys.contains(&name.as_str())).cloned().collect()
    }

    /// Relative link: `?q=a&page=2`, or `?` for no state at all.
    #[must_use]
    pub fn href(&self) -> String {
        let pairs = self.0.iter().filter(|(_, value)| !value.is_empty());
        format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
    }

    /// The part that lists understand: `q`, `status`, `sort`, `limit`, `page`.
    #[must_use]
    pub fn list(&self) -> ListQuery {
        let number = |key| self.get(key).and_then(|value| value.parse().ok());
        ListQuery {
            q: self.get("q").map(str::to_owned),
            status: self.get("status").map(str::to_owned),
            sort: self.get("sort").map(str::to_owned),
            limit: number("limit"),
            cursor: None,
            page: number("page"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_a_filter_goes_back_to_the_first_page_and_keeps_the_rest() {
        let query = Query::parse("q=a+b&sort=-name&page=3");
        assert_eq!(query.with("status", "active").href(), "?q=a+b&sort=-name&status=active");
        assert_eq!(query.with("page", "4").href(), "?q=a+b&sort=-name&page=4");
        assert_eq!(query.without(&["q", "sort"]).href(), "?");
    }
}
