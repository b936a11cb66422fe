//! `/admin/products`

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{status::ProductStatus, view::ProductView};

use crate::{
    admin::{filter::statuses, frame::frame},
    components::prelude::*,
    load::load,
    tenant::words::price,
};

fn row(product: ProductView, now: DateTime<Utc>) -> Row {
    let offered: Vec<String> = product.plans.iter().filter(|plan| !plan.archived).map(price).collect();
    let plans = if offered.is_empty() { view! { <span class="muted">"None"</span> }.into_any() } else { offered.join(", ").into_any() };
    let service = match product.service {
        Some(slug) => view! { <a href=format!("/admin/services/{slug}")>{slug.clone()}</a> }.into_any(),
        None => view! { <span class="muted">"None"</span> }.into_any(),
    };
    let published = product.published_at.map(|at| view! { <When at=at now=now /> });
    Row::new(cells![
        view! { <a href=format!("/admin/products/{}", product.slug)>{product.name}</a><span class="sub mono">{product.slug}</span> },
        view! { <Status name=product.status.as_str() /> },
        service,
        plans,
        published,
    ])
}

#[component]
pub fn Products() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let products = control.list_any_products(&who, &Query::current().list()).await?;
        let now = control.clock.now();
        let columns = vec![
            Column::new("Product").sort("name"),
            Column::new("Status").sort("status"),
            Column::new("Service"),
            Column::new("Plans"),
            Column::new("Published"),
        ];
        let total = products.total;
        let rows = products.data.into_iter().map(|product| row(product, now)).collect();
        let filters = vec![statuses(ProductStatus::ALL.iter().map(|status| status.as_str()))];
        let new = || view! { <LinkButton href="/admin/products/new" label="New product" look=Look::Primary icon="plus" /> };
        let empty = view! {
            <EmptyState icon="grid" title="No products yet" actions=new()>
                "A product is a service with a description, plans and a price. It stays a draft until you publish it."
            </EmptyState>
        };
        Ok(view! {
            <AdminShell frame=frame title="Products" current="products" action=new()>
                <PageHeader title="Products" lede="What tenants can subscribe to." />
                <List of="products" columns=columns rows=rows total=total sorted="name" search="Name or slug" filters=filters dense=true empty=empty />
            </AdminShell>
        })
    })
}
