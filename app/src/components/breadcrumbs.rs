//! Where the page is. The last part is the page itself and no link.

use leptos::prelude::*;

/// One part of the path: label and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub href: String,
}

impl Crumb {
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

#[component]
pub fn Breadcrumbs(
    /// From the outermost inwards, without the page itself.
    #[prop(optional)]
    parents: Vec<Crumb>,
    /// The page itself.
    #[prop(into)]
    current: String,
) -> impl IntoView {
    let parents = parents.into_iter().map(|crumb| view! { <li><a href=crumb.href>{crumb.label}</a></li> }).collect_view();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>{parents}<li aria-current="page">{current}</li></ol>
        </nav>
    }
    .into_any()
}
