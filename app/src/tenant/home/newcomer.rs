//! What somebody sees whose applications were never called: the one next step, ready to be taken.

use leptos::prelude::*;
use mintreu_control::{Control, Permitted, access::ViewTenant};
use mintreu_model::{
    role::Permission,
    status::ApplicationStatus,
    view::{ApplicationView, SubscriptionView},
};

use crate::{Error, components::prelude::*, tenant::words::price};

pub(super) async fn first_step(
    control: &Control,
    who: &Permitted<ViewTenant>,
    tenant: &str,
    live: &[SubscriptionView],
    applications: &[ApplicationView],
) -> Result<AnyView, Error> {
    let role = who.role();
    if let Some(application) = applications.iter().find(|one| one.status != ApplicationStatus::Deleting) {
        return Ok(call(tenant, application));
    }
    if live.is_empty() {
        return if role.may(Permission::ManageSubscriptions) {
            products(control, tenant).await
        } else {
            Ok(wait("A subscription comes first. An owner, an admin or somebody with the role billing can begin one."))
        };
    }
    if role.may(Permission::ManageApplications) {
        Ok(provision(tenant, live))
    } else {
        Ok(wait("Somebody with the role developer, admin or owner can provision the first application."))
    }
}

fn wait(text: &'static str) -> AnyView {
    view! { <EmptyState card=true icon="box" title="Nothing here yet">{text}</EmptyState> }.into_any()
}

async fn products(control: &Control, tenant: &str) -> Result<AnyView, Error> {
    let products = control.list_products().await?;
    if products.is_empty() {
        return Ok(wait("No product is on offer yet. Look in again later."));
    }
    let cards = products
        .into_iter()
        .take(6)
        .map(|product| {
            let cheapest = product.plans.iter().min_by_key(|plan| plan.price.amount).map(price);
            let trial = product.plans.iter().map(|plan| plan.trial_days).max().unwrap_or(0);
            let from = match (trial, cheapest) {
                (1.., Some(price)) => format!("{trial} days free, then from {}", price.to_lowercase()),
                (_, Some(price)) if price == "Free" => "From free".to_owned(),
                (_, Some(price)) => format!("From {price}"),
                (_, None) => String::new(),
            };
            view! {
                <li class="card product">
                    <div class="product-h">
                        <span class="glyph"><Icon name="box" /></span>
                        <h3><a href=format!("/t/{tenant}/subscribe?product={}", product.slug)>{product.name}</a></h3>
                    </div>
                    <p>{product.summary}</p>
                    <p class="price">{from}</p>
                </li>
            }
        })
        .collect_view();
    Ok(view! {
        <section class="stack" aria-labelledby="first-h">
            <h2 id="first-h">"Begin with a product"</h2>
            <p class="small muted">"Subscribe, provision an application, make the first call: that takes about two minutes."</p>
            <ul class="cards">{cards}</ul>
        </section>
    }
    .into_any())
}

fn provision(tenant: &str, live: &[SubscriptionView]) -> AnyView {
    let name = live.first().map(|one| one.product_name.clone()).unwrap_or_default();
    let actions =
        view! { <LinkButton href=format!("/t/{tenant}/applications/new") label="New application" look=Look::Primary icon="plus" /> };
    view! {
        <EmptyState card=true icon="box" title=format!("{name} is yours: make an application") actions=actions>
            "It gets its own endpoint, its own key and, where the product has one, its own database. That takes a few seconds."
        </EmptyState>
    }
    .into_any()
}

fn call(tenant: &str, application: &ApplicationView) -> AnyView {
    let href = format!("/t/{tenant}/applications/{}", application.slug);
    let (title, text) = match application.status {
        ApplicationStatus::Active => (
            format!("{} is ready: make the first call", application.name),
            "Its page has the endpoint and an example in four languages. The first call appears here within seconds.",
        ),
        ApplicationStatus::Failed => {
            (format!("{} could not be provisioned", application.name), "Its page says why, and you can try again.")
        }
        ApplicationStatus::Suspended => (format!("{} is suspended", application.name), "Its page says why."),
        _ => (format!("{} is being made", application.name), "You can watch it, and copy the example for the first call."),
    };
    let actions = view! { <LinkButton href=href label=format!("Open {}", application.name) look=Look::Primary /> };
    view! { <EmptyState card=true icon="code" title=title actions=actions>{text}</EmptyState> }.into_any()
}
