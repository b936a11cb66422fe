//! The pages before a product enters or leaves the catalogue: what will be visible, what is
//! missing, what stays.

use leptos::prelude::*;
use mintreu_model::{status::ProductStatus, view::ProductView};

use super::head::up;
use crate::{
    admin::{confirm::Confirm, frame::frame},
    components::prelude::*,
    load::load,
    tenant::{
        frame::param,
        words::{beyond, price},
    },
};

/// What must be there before publishing, and what should.
fn todo(product: &ProductView) -> Vec<Todo> {
    let base = format!("/admin/products/{}", product.slug);
    let item = |done: bool, label: &str, href: String, why: &str| Todo { done, label: label.into(), href, why: Some(why.into()) };
    vec![
        item(product.service.is_some(), "A service behind it", base.clone(), "Choose the program that answers its calls."),
        item(product.plans.iter().any(|plan| !plan.archived), "A plan", format!("{base}/plans/new"), "Without one nobody can subscribe."),
        item(!product.description.trim().is_empty(), "A description", base.clone(), "Not required, but people decide by it."),
        item(product.config_schema.is_some(), "A configuration form", base, "Not required: only where tenants have something to choose."),
    ]
}

fn may_publish(product: &ProductView) -> bool {
    product.service.is_some() && product.plans.iter().any(|plan| !plan.archived) && product.status != ProductStatus::Published
}

#[component]
pub fn PublishProduct() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let plans = product
            .plans
            .iter()
            .filter(|plan| !plan.archived)
            .map(|plan| {
                let text = format!(
                    "{}: {}, {} requests a month. Beyond: {}.",
                    plan.name,
                    price(plan),
                    thousands(plan.included_requests),
                    beyond(plan).to_lowercase()
                );
                view! { <li>{text}</li> }
            })
            .collect_view();
        let confirm = may_publish(&product).then_some("Publish");
        let word = if product.status == ProductStatus::Published {
            "It is published already."
        } else if confirm.is_some() {
            "From then on everybody sees this in the catalogue and can subscribe:"
        } else {
            "Something is missing before it can be published. This much would be visible:"
        };
        Ok(view! {
            <Confirm frame=frame title=format!("Publish {}?", product.name) current="products" parents=up(&product) action="/_fn/product/publish"
                confirm=confirm back=format!("/admin/products/{slug}") look=Look::Primary>
                <Hidden name="slug" value=slug.clone() />
                <Checklist items=todo(&product) />
                <p>{word}</p>
                <ul class="bullets">
                    <li>{format!("{}: {}", product.name, product.summary)}</li>
                    {plans}
                    <li>"At "<code>{format!("/catalog/{slug}")}</code>", with its description"</li>
                </ul>
            </Confirm>
        })
    })
}

#[component]
pub fn ArchiveProduct() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let published = product.status == ProductStatus::Published;
        let content = if published {
            view! {
                <p>"It leaves the catalogue and nobody new can subscribe."</p>
                <ul class="bullets">
                    <li>"Those who have it keep it: subscriptions go on, applications and keys keep working."</li>
                    <li>"It can be published again at any time."</li>
                </ul>
            }
            .into_any()
        } else {
            view! { <p>{format!("It is {}: only a published product can be archived.", product.status)}</p> }.into_any()
        };
        Ok(view! {
            <Confirm frame=frame title=format!("Archive {}?", product.name) current="products" parents=up(&product) action="/_fn/product/archive"
                confirm=published.then_some("Archive product") back=format!("/admin/products/{slug}")>
                <Hidden name="slug" value=slug />
                {content}
            </Confirm>
        })
    })
}
