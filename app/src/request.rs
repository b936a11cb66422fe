//! What a page knows about the request it answers. The server provides it as context for every
//! page; `PageRequest::current()` reads it anywhere below.

use leptos::prelude::*;

/// Colour scheme, from the cookie `theme`. `System` follows the browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Value of `data-theme` on `<html>`; `None` leaves the choice to the system.
    #[must_use]
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.as_str())
    }
}

/// Path, query and preferences of the request at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Path without query, `/t/fjordline/usage`.
    pub path: String,
    /// Query without `?`, still encoded; empty when there is none.
    pub query: String,
    pub theme: Theme,
}

impl PageRequest {
    /// The request being answered; an empty one outside a request, as in tests of components.
    #[must_use]
    pub fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// Path with query: what a log-in returns to, what a flash belongs to.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}
