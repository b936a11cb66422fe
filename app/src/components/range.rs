//! A choice of a few, as links that keep the rest of the URL: date ranges, groupings.

use leptos::prelude::*;

use super::query::Query;

/// Ranges that every page with time offers.
pub const RANGES: &[(&str, &str)] =
    &[("24h", "24 h"), ("7d", "7 days"), ("14d", "14 days"), ("30d", "30 days"), ("90d", "90 days"), ("period", "This period")];

#[component]
pub fn SegmentedRange(
    /// Name of the parameter in the URL.
    #[prop(optional, into, default = "range".into())]
    name: String,
    /// `(value, label)` in order.
    #[prop(optional, into, default = RANGES.to_vec())]
    options: Vec<(&'static str, &'static str)>,
    /// The value that holds, also when the URL says none.
    #[prop(into)]
    current: String,
    #[prop(optional, into, default = "Date range".into())] label: String,
) -> impl IntoView {
    let query = Query::current();
    let links = options
        .into_iter()
        .map(|(value, text)| {
            let here = (value == current).then_some("true");
            view! { <a href=query.with(&name, value).href() aria-current=here>{text}</a> }
        })
        .collect_view();
    view! { <nav class="segment" aria-label=label>{links}</nav> }.into_any()
}
