//! `/t/{tenant}/subscribe?product=&plan=`: choose a product, compare its plans, confirm. Each step
//! has an address, so that Back works and a link from the catalogue lands at the right one. The
//! first step is also `/t/{tenant}/catalogue`, for everybody who may look.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use mintreu_control::access::{ManageSubscriptions, ViewTenant};
use mintreu_model::{
    list::ListQuery,
    role::Permission,
    view::{PlanView, ProductView, SubscriptionView},
};

use crate::{
    Error,
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        frame::{frame, param},
        words::{count, interval, limits, price},
    },
};

#[component]
pub fn SubscribePage() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let query = Query::current();
        let may = who.role().may(Permission::ManageSubscriptions);
        let Some(slug) = query.get("product") else {
            let products = control.list_products().await?;
            return Ok(view! {
                <TenantShell frame=frame title="Catalogue" current="catalogue">
                    <PageHeader title="Catalogue" lede="An application is made from a product. Prices are without tax." />
                    {shelf(&tenant, products)}
                </TenantShell>
            }
            .into_any());
        };
        let product = control.get_product(slug).await?;
        let all = ListQuery { limit: Some(100), ..ListQuery::default() };
        let subscriptions = control.list_subscriptions(&who, &all).await?.data;
        let live = subscriptions.into_iter().find(|one| one.product == product.slug && one.status.is_live());
        let chosen = match query.get("plan") {
            Some(code) => Some(product.plans.iter().find(|plan| plan.code == code).cloned().ok_or_else(Error::not_found)?),
            None => None,
        };
        let body = match (live, chosen) {
            (Some(live), _) => already(&tenant, &live),
            (None, Some(plan)) => {
                who.also::<ManageSubscriptions>()?;
                confirm(&tenant, &product, &plan, control.clock.now())
            }
            (None, None) => plans(&tenant, &product, may),
        };
        let parents = vec![Crumb::new("Catalogue", format!("/t/{tenant}/catalogue"))];
        let title = format!("Subscribe to {}", product.name);
        Ok(view! { <TenantShell frame=frame title=title current="catalogue" parents=parents>{body}</TenantShell> }.into_any())
    })
}

/// The products on offer, as cards.
fn shelf(tenant: &str, products: Vec<ProductView>) -> AnyView {
    if products.is_empty() {
        return view! {
            <EmptyState card=true icon="grid" title="Nothing is on offer yet">"Products appear here as soon as they are published."</EmptyState>
        }
        .into_any();
    }
    let cards = products
        .into_iter()
        .map(|product| {
            let cheapest = product.plans.iter().min_by_key(|plan| plan.price.amount).map(price);
            let from = cheapest.map(|price| if price == "Free" { "From free".to_owned() } else { format!("From {price}") });
            view! {
                <li class="card product">
                    <div class="product-h">
                        <span class="glyph"><Icon name="box" /></span>
                        <h2><a href=format!("/t/{tenant}/subscribe?product={}", product.slug)>{product.name}</a></h2>
                    </div>
                    <p>{product.summary}</p>
                    <p class="price">{from}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="cards">{cards}</ul> }.into_any()
}

fn already(tenant: &str, live: &SubscriptionView) -> AnyView {
    let actions = view! {
        <LinkButton href=format!("/t/{tenant}/applications/new?product={}", live.product) label="New application" look=Look::Primary />
        <LinkButton href=format!("/t/{tenant}/subscriptions/{}", live.id) label="Open the subscription" />
    };
    let text = format!(
        "It is on the plan {}. One subscription serves up to {}.",
        live.plan_name,
        count(live.max_applications, "application", "applications")
    );
    view! {
        <h1 class="vh">{format!("Subscribe to {}", live.product_name)}</h1>
        <EmptyState card=true icon="check" title=format!("You have {} already", live.product_name) actions=actions>{text}</EmptyState>
    }
    .into_any()
}

fn plans(tenant: &str, product: &ProductView, may: bool) -> AnyView {
    let columns = product
        .plans
        .iter()
        .map(|plan| {
            let href = format!("/t/{tenant}/subscribe?product={}&plan={}", product.slug, plan.code);
            let features = plan.features.iter().map(|feature| view! { <li>{feature.clone()}</li> }).collect_view();
            let trial = (plan.trial_days > 0)
                .then(|| view! { <Tag label=format!("{} free", count(plan.trial_days, "day", "days")) accent=true /> });
            let limits = limits(plan).into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view();
            view! {
                <section class="plan" aria-label=plan.name.clone()>
                    <h2>{plan.name.clone()}" "{trial}</h2>
                    <p class="plan-price"><b>{plan.price.to_string()}</b>"a "{interval(plan.interval)}</p>
                    <div class="stack">
                        <dl>{limits}</dl>
                        {(!plan.features.is_empty()).then(|| view! { <ul class="bullets small">{features}</ul> })}
                    </div>
                    {may.then(|| view! { <LinkButton href=href label=format!("Choose {}", plan.name) look=Look::Primary wide=true /> })}
                </section>
            }
        })
        .collect_view();
    view! {
        <PageHeader title=format!("Choose a plan of {}", product.name) lede=product.summary.clone()
            actions=view! { <LinkButton href=format!("/catalog/{}", product.slug) label="About the product" look=Look::Quiet /> } />
        <div class="plans">{columns}</div>
        {(!may).then(|| view! { <p class="small muted">"An owner, an admin or somebody with the role billing can subscribe."</p> })}
        <p class="small muted">"Every plan can be changed or cancelled later. Prices are without tax."</p>
    }
    .into_any()
}

fn confirm(tenant: &str, product: &ProductView, plan: &PlanView, now: DateTime<Utc>) -> AnyView {
    let trial = plan.trial_days > 0;
    let free = plan.price.amount == 0;
    let today = if trial || free { "Nothing".to_owned() } else { plan.price.to_string() };
    let then = if free {
        "Nothing: the plan is free".to_owned()
    } else if trial {
        format!("{} from {}, unless you cancel before", price(plan), day(now + TimeDelta::days(plan.trial_days)))
    } else {
        format!("{}, until you cancel", price(plan))
    };
    let mut facts: Vec<(&'static str, Slot)> = vec![("Product", product.name.clone().into()), ("Plan", plan.name.clone().into())];
    facts.extend(limits(plan).into_iter().map(|(name, value)| (name, Slot::from(value))));
    let target = hidden(vec![("tenant", tenant.to_owned()), ("product", product.slug.clone()), ("plan", plan.code.clone())]);
    let back = format!("/t/{tenant}/subscribe?product={}", product.slug);
    let submit = if trial { format!("Start {} free", count(plan.trial_days, "day", "days")) } else { "Subscribe".to_owned() };
    view! {
        <PageHeader title=format!("Subscribe to {}", product.name) lede=format!("The plan {}, {}.", plan.name, price(plan)) />
        <div class="cols cols-2">
            <Card title="What you get"><DefinitionList facts=facts /></Card>
            <Card title="What it costs">
                <DefinitionList facts=vec![("Today", today.into()), ("Then", then.into())] />
                <Form action="/_fn/subscription/create" submit=submit cancel=back>
                    {target}
                </Form>
                <p class="small muted">"Prices are without tax. You can change the plan or cancel at any time."</p>
            </Card>
        </div>
    }
    .into_any()
}
