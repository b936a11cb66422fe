//! A surface with a heading. `flush` for tables and lists that reach its edges.

use leptos::prelude::*;

use super::slot::Slot;

#[component]
pub fn Card(
    /// Heading; its slug is the id that the section is labelled by.
    #[prop(optional, into)]
    title: Option<String>,
    /// Beside the heading, muted: “9 s, usually 12 s”.
    #[prop(optional, into)]
    note: Option<Slot>,
    /// At the end of the heading: a badge, a quiet button.
    #[prop(optional, into)]
    action: Option<Slot>,
    /// No padding.
    #[prop(optional)]
    flush: bool,
    /// As tall as its neighbour.
    #[prop(optional)]
    fill: bool,
    children: Children,
) -> impl IntoView {
    let class = format!("card {}{}", if flush { "flush" } else { "stack" }, if fill { " fill" } else { "" });
    let id = title.as_deref().map(|title| format!("{}-h", slug(title)));
    let head = title.map(|title| {
        view! {
            <div class="card-h">
                <h2 id=id.clone()>{title}</h2>
                {note.map(|note| view! { <p>{note.view()}</p> })}
                {action.map(Slot::view)}
            </div>
        }
    });
    view! { <section class=class aria-labelledby=id>{head}{children()}</section> }.into_any()
}

/// An id from a heading: “Recent activity” → `recent-activity`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            out.extend(letter.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}
