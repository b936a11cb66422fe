//! Names and their values.

use leptos::prelude::*;

use super::slot::Slot;

/// `<DefinitionList facts=vec![("Plan", "Pro".into()), ("Id", view! { <code>…</code> }.into())] />`.
#[component]
pub fn DefinitionList(facts: Vec<(&'static str, Slot)>) -> impl IntoView {
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value.view()}</dd> }).collect_view();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// Sums: name on the left, amount on the right, the total set off.
#[component]
pub fn Sums(
    lines: Vec<(String, String)>,
    /// The last line.
    total: (String, String),
) -> impl IntoView {
    let lines = lines.into_iter().map(|(name, amount)| view! { <div><dt>{name}</dt><dd>{amount}</dd></div> }).collect_view();
    view! { <dl class="money">{lines}<div class="total"><dt>{total.0}</dt><dd>{total.1}</dd></div></dl> }.into_any()
}
