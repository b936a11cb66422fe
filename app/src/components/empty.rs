//! Nothing to show is a page too. Nothing yet (what to do next), no match (clear the filters), not
//! allowed (who can change that) and failed (try again) are four different things.

use leptos::prelude::*;

use super::{icon::Icon, slot::Slot};

#[component]
pub fn EmptyState(
    #[prop(into)] icon: String,
    #[prop(into)] title: String,
    /// Buttons: the next step.
    #[prop(optional, into)]
    actions: Option<Slot>,
    /// Something failed.
    #[prop(optional)]
    broken: bool,
    /// Code and request, for support: `usage_unavailable · req_…`.
    #[prop(optional, into)]
    problem: Option<String>,
    /// On a card of its own.
    #[prop(optional)]
    card: bool,
    /// One or two sentences.
    children: Children,
) -> impl IntoView {
    let class = format!("{}empty{}", if card { "card " } else { "" }, if broken { " broken" } else { "" });
    view! {
        <div class=class>
            <span class="empty-i"><Icon name=icon /></span>
            <h2>{title}</h2>
            <p>{children()}</p>
            {problem.map(|problem| view! { <p class="problem">{problem}</p> })}
            {actions.map(|actions| view! { <div class="row">{actions.view()}</div> })}
        </div>
    }
    .into_any()
}
