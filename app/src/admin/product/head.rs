//! The heading of a product's pages: status, what can be done next, tabs.

use leptos::prelude::*;
use mintreu_model::{status::ProductStatus, view::ProductView};

use crate::components::prelude::*;

/// Between the back office and a page of the product.
#[must_use]
pub fn up(product: &ProductView) -> Vec<Crumb> {
    vec![Crumb::new("Products", "/admin/products"), Crumb::new(product.name.clone(), format!("/admin/products/{}", product.slug))]
}

#[component]
pub fn ProductHead(
    product: ProductView,
    /// Key of the tab at hand: `details` or `plans`.
    tab: &'static str,
) -> impl IntoView {
    let base = format!("/admin/products/{}", product.slug);
    let plans = i64::try_from(product.plans.iter().filter(|plan| !plan.archived).count()).unwrap_or(0);
    let actions = match product.status {
        ProductStatus::Published => view! {
            <LinkButton href=format!("/catalog/{}", product.slug) label="See it in the catalogue" icon="external" />
            <LinkButton href=format!("{base}/archive") label="Archive…" />
        }
        .into_any(),
        ProductStatus::Draft => view! {
            <LinkButton href=format!("{base}/delete") label="Delete…" look=Look::Danger />
            <LinkButton href=format!("{base}/publish") label="Publish…" look=Look::Primary />
        }
        .into_any(),
        ProductStatus::Archived => view! { <LinkButton href=format!("{base}/publish") label="Publish again…" /> }.into_any(),
    };
    let tabs = vec![Tab::new("details", "Details", base.clone()), Tab::new("plans", "Plans", format!("{base}/plans")).count(plans)];
    let status = product.status;
    view! {
        <PageHeader title=product.name lede=product.summary badge=view! { <Status name=status.as_str() /> } actions=actions />
        <Tabs label="Product" tabs=tabs current=tab />
    }
    .into_any()
}
