//! What one request leaves for the next page: the outcome of a form that was posted. The form
//! layer of the server writes it, the next GET of `path` takes it, once. On failure it holds what
//! was typed, so that `Field` can show it again; never a secret that was typed. On success it may
//! hold a secret that was made, to be shown this once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use leptos::prelude::*;
use mintreu_model::problem::FieldError;
use serde::{Deserialize, Serialize};

/// Outcome of one form post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Path and query of the page that shows it.
    pub path: String,
    /// The form's action, `/_fn/key/create`: only that form shows values and errors.
    pub action: String,
    /// HTTP status of the failure; `0` for success.
    pub status: u16,
    /// Success: what was done. Failure: what to do about it.
    pub message: Option<String>,
    pub errors: Vec<FieldError>,
    /// What was typed, by the names of the inputs, repeated names kept.
    pub values: Vec<(String, String)>,
    /// What the page shows this once, as `(label, value)`.
    #[serde(default)]
    pub once: Vec<(String, String)>,
}

impl Flash {
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status >= 400
    }

    /// Whether an input of this name holds something that must never be stored.
    #[must_use]
    pub fn is_secret(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        ["password", "secret", "token"].iter().any(|word| name.contains(word))
    }
}

/// The flash of the page at hand, with a note of whether a form has shown its failure.
#[derive(Debug, Clone, Default)]
pub struct PageFlash {
    flash: Option<Arc<Flash>>,
    claimed: Arc<AtomicBool>,
}

impl PageFlash {
    #[must_use]
    pub fn new(flash: Option<Flash>) -> Self {
        Self { flash: flash.map(Arc::new), claimed: Arc::default() }
    }

    #[must_use]
    pub fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// What was done, for the toast.
    #[must_use]
    pub fn success(&self) -> Option<String> {
        self.flash.as_ref().filter(|flash| !flash.is_failure())?.message.clone()
    }

    /// What is shown this once; empty when the page is opened again.
    #[must_use]
    pub fn once(&self) -> Vec<(String, String)> {
        self.flash.as_ref().filter(|flash| !flash.is_failure()).map(|flash| flash.once.clone()).unwrap_or_default()
    }

    #[must_use]
    pub fn failure(&self) -> Option<Arc<Flash>> {
        self.flash.clone().filter(|flash| flash.is_failure())
    }

    /// The failure of the form with this action; the form shows it from now on.
    #[must_use]
    pub fn claim(&self, action: &str) -> Option<Arc<Flash>> {
        let flash = self.failure().filter(|flash| flash.action == action)?;
        self.claimed.store(true, Ordering::Relaxed);
        Some(flash)
    }

    /// A failure that no form on the page has shown, such as that of a button in a row.
    #[must_use]
    pub fn unclaimed(&self) -> Option<Arc<Flash>> {
        self.failure().filter(|_| !self.claimed.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised_by_name() {
        assert!(Flash::is_secret("form[new_password]"));
        assert!(Flash::is_secret("form[Token]"));
        assert!(!Flash::is_secret("form[email]"));
    }

    #[test]
    fn a_failure_is_shown_by_its_form_or_else_by_the_page() {
        let flash = Flash { status: 422, action: "/_fn/key/create".into(), ..Flash::default() };
        let page = PageFlash::new(Some(flash));
        assert!(page.claim("/_fn/key/rotate").is_none());
        assert!(page.unclaimed().is_some());
        assert!(page.claim("/_fn/key/create").is_some());
        assert!(page.unclaimed().is_none());
    }
}
