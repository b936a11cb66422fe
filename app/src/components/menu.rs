//! A menu of links and forms. It is a `<details>`: it opens without a script.

use leptos::prelude::*;

use super::icon::Icon;

#[component]
pub fn Menu(
    #[prop(into)] label: String,
    /// Aligned to the end of its button.
    #[prop(optional)]
    end: bool,
    /// Links, `PostButton`s, `<hr/>`.
    children: Children,
) -> impl IntoView {
    view! {
        <details class=if end { "menu menu-end" } else { "menu" } data-menu="">
            <summary class="btn">{label}<Icon name="down" small=true /></summary>
            <div class="menu-list">{children()}</div>
        </details>
    }
    .into_any()
}
