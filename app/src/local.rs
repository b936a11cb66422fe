//! Addresses on this host. Whatever a form or a link says of where to go next passes through
//! `local`, so that nobody is led elsewhere.

use leptos::prelude::use_context;

/// A path on this host, or nothing: `//evil` and `/\evil` are not paths to a browser.
#[must_use]
pub fn local(location: &str) -> Option<&str> {
    let mut letters = location.chars();
    let is_path = letters.next() == Some('/') && !matches!(letters.next(), Some('/' | '\\'));
    (is_path && !location.chars().any(|letter| letter.is_control() || letter == '\\')).then_some(location)
}

/// Where a person may go after a log-in: a local path that is a page, and not the log-in again.
#[must_use]
pub fn next(location: Option<&str>) -> Option<&str> {
    let target = local(location?.trim())?;
    let path = target.split(['?', '#']).next().unwrap_or(target);
    let barred = path.starts_with("/_fn/") || matches!(path, "/login" | "/register" | "/register/sent" | "/forgot" | "/reset" | "/theme");
    (!barred).then_some(target)
}

/// The page that posted to the server function at hand, by its Referer: path and query.
#[must_use]
pub fn posted_from() -> Option<String> {
    let parts = use_context::<http::request::Parts>()?;
    let uri: http::Uri = parts.headers.get(http::header::REFERER)?.to_str().ok()?.parse().ok()?;
    local(uri.path_and_query()?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_pass() {
        for good in ["/", "/t/fjordline/keys?q=a", "/invitation?token=x"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "t/x", "/a\r\nSet-Cookie: x", "/a\\b"]
        {
            assert_eq!(local(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_log_in_leads_to_a_page_and_not_back_to_itself() {
        assert_eq!(next(Some("/t/x?tab=a")), Some("/t/x?tab=a"));
        for bad in ["/login?next=%2F", "/_fn/account/log_out", "/register", "//evil", ""] {
            assert_eq!(next(Some(bad)), None, "{bad}");
        }
        assert_eq!(next(None), None);
    }
}
