//! Tabs are links: each has its own address.

use leptos::prelude::*;

/// One tab: key, label, address, perhaps a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub key: &'static str,
    pub label: String,
    pub href: String,
    pub count: Option<i64>,
}

impl Tab {
    #[must_use]
    pub fn new(key: &'static str, label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { key, label: label.into(), href: href.into(), count: None }
    }

    #[must_use]
    pub fn count(self, count: i64) -> Self {
        Self { count: Some(count), ..self }
    }
}

#[component]
pub fn Tabs(
    /// What the tabs are of: “Application”.
    #[prop(into)]
    label: String,
    tabs: Vec<Tab>,
    /// Key of the tab at hand.
    #[prop(into)]
    current: String,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|tab| {
            let here = (tab.key == current).then_some("page");
            let count = tab.count.map(|count| view! { " " <span class="count">{count}</span> });
            view! { <li><a href=tab.href aria-current=here>{tab.label}{count}</a></li> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label><ul>{tabs}</ul></nav> }.into_any()
}
