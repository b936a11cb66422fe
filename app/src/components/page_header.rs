//! The heading of a page, with what the page is about and what can be done.

use leptos::prelude::*;

use super::slot::Slot;

#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    /// One sentence under the heading.
    #[prop(optional, into)]
    lede: Option<Slot>,
    /// In the line of the heading: a status.
    #[prop(optional, into)]
    badge: Option<Slot>,
    /// At the end: buttons, a range.
    #[prop(optional, into)]
    actions: Option<Slot>,
) -> impl IntoView {
    view! {
        <div class="page-h">
            <div>
                <h1>{title}" "{badge.map(Slot::view)}</h1>
                {lede.map(|lede| view! { <p class="lede">{lede.view()}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="row">{actions.view()}</div> })}
        </div>
    }
    .into_any()
}
