//! A state as word, shape and colour at once, so that none of them has to be seen.

use leptos::prelude::*;

/// What a state means to the reader. The shape follows: dot, ring that turns, diamond, square,
/// open ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad: a pause, a draft.
    #[default]
    Neutral,
    Good,
    /// Something is being done.
    Busy,
    Warning,
    Bad,
}

impl Tone {
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "badge",
            Self::Good => "badge ok",
            Self::Busy => "badge run",
            Self::Warning => "badge warn",
            Self::Bad => "badge err",
        }
    }

    /// Tone of a status by its name in the REST API: `active`, `past_due`, `failed`.
    #[must_use]
    pub fn of(status: &str) -> Self {
        match status {
            "active" | "done" | "paid" | "published" | "sent" | "accepted" | "healthy" => Self::Good,
            "provisioning" | "running" | "queued" | "deleting" | "pending" | "open" => Self::Busy,
            "past_due" | "expiring" | "suspended" | "trialing" | "incomplete" | "kept" | "paused" => Self::Warning,
            "failed" | "dead" | "unpaid" | "revoked" | "incomplete_expired" | "unhealthy" => Self::Bad,
            _ => Self::Neutral,
        }
    }
}

#[component]
pub fn Badge(
    #[prop(optional)] tone: Tone,
    /// The word, as people say it: “Near the limit”.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! { <span class=tone.class()>{label}</span> }.into_any()
}

/// Badge of a status by its name in the REST API: `past_due` shows as “Past due”.
#[component]
pub fn Status(#[prop(into)] name: String) -> impl IntoView {
    view! { <Badge tone=Tone::of(&name) label=humanise(&name) /> }.into_any()
}

/// `past_due` → “Past due”.
#[must_use]
pub fn humanise(name: &str) -> String {
    let mut letters = name.replace('_', " ");
    if let Some(first) = letters.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    letters
}

/// A small label without state: “API”, “GET”.
#[component]
pub fn Tag(
    #[prop(into)] label: String,
    /// In the accent colour.
    #[prop(optional)]
    accent: bool,
) -> impl IntoView {
    view! { <span class=if accent { "tag tag-accent" } else { "tag" }>{label}</span> }.into_any()
}
