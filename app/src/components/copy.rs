//! Copying. The button shows only where a script can serve it; the text can be selected anyway.

use leptos::prelude::*;

use super::icon::Icon;

#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// What it is, for screen readers: “the endpoint”.
    #[prop(into)]
    what: String,
    /// Only the icon.
    #[prop(optional)]
    icon_only: bool,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    let class = match (icon_only, primary) {
        (true, _) => "btn btn-s btn-icon btn-quiet needs-script",
        (false, true) => "btn btn-s btn-primary needs-script",
        (false, false) => "btn btn-s needs-script",
    };
    let word = (!icon_only).then(|| view! { <span data-copy-label="">"Copy"</span> });
    let spoken = if icon_only { format!("Copy {what}") } else { format!(" {what}") };
    view! {
        <button class=class type="button" data-copy=text>
            <Icon name="copy" small=true />{word}<span class="vh">{spoken}</span>
        </button>
    }
    .into_any()
}

/// One line to copy: an endpoint, an id.
#[component]
pub fn CopyLine(
    #[prop(into)] text: String,
    /// What it is: “the endpoint”.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <div class="copyline">
            <code tabindex="0">{text.clone()}</code>
            <CopyButton text=text what=what icon_only=true />
        </div>
    }
    .into_any()
}
