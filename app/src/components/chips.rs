//! Filters that hold, each with a way out of it.

use leptos::prelude::*;

use super::{icon::Icon, query::Query};

/// Filters at hand as `(key, text)`, the number of matches, and a way to clear them all.
#[component]
pub fn Chips(
    /// Keys in the URL with what they hold, as people say it.
    active: Vec<(String, String)>,
    /// “312 match”.
    #[prop(into)]
    count: String,
) -> impl IntoView {
    if active.is_empty() {
        return ().into_any();
    }
    let query = Query::current();
    let keys: Vec<&str> = active.iter().map(|(key, _)| key.as_str()).collect();
    let clear = (active.len() > 1).then(|| view! { <a href=query.without(&keys).href()>"Clear all"</a> });
    let chips = active
        .iter()
        .map(|(key, text)| {
            view! {
                <a class="chip" href=query.with(key, "").href()>
                    {text.clone()}" "<Icon name="x" small=true /><span class="vh">", remove filter"</span>
                </a>
            }
        })
        .collect_view();
    view! { <div class="chips"><span>{count}</span>{chips}{clear}</div> }.into_any()
}
