//! What an action on many rows could not do, with the reasons. Shown once, above the list.

use leptos::prelude::*;

use super::icon::Icon;

#[component]
pub fn BulkReport(
    /// Reasons, each with the names of what it holds for.
    refused: Vec<(String, String)>,
) -> impl IntoView {
    if refused.is_empty() {
        return ().into_any();
    }
    let lines = refused.into_iter().map(|(reason, names)| view! { <li>{reason}" "<span class="muted">{names}</span></li> }).collect_view();
    view! {
        <div class="banner warn" role="region" aria-label="What could not be done">
            <Icon name="alert" />
            <div><p><b>"Some could not be done"</b></p><ul class="bullets">{lines}</ul></div>
        </div>
    }
    .into_any()
}
