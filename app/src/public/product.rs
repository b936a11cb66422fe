//! `/catalog/{product}`: what it is, plans side by side, documentation, endpoints, options.

use leptos::prelude::*;
use mintreu_model::{
    route::RouteRule,
    status::{DatabaseMode, PlanInterval},
    view::{PlanView, ProductView},
};

use super::{
    product_card::{glyph, kind_name},
    schema::properties,
};
use crate::{
    account::{login::entrance, tenants::choose},
    components::{icon::Icon, pagination::thousands, prelude::*},
    context::{control, visitor},
    load::load,
    tenant::{
        frame::param,
        words::{beyond, body_limits, count, interval},
    },
};

#[component]
pub fn Product() -> impl IntoView {
    let slug = param("product");
    load(async move {
        let (control, query, logged_in) = (control()?, Query::current(), visitor().is_some());
        let product = control.get_product(&slug).await?;
        let policy = control.gateway_catalogue().await?.into_iter().find(|policy| policy.product_slug == slug);
        let routes = policy.as_ref().map(|policy| policy.service.routes.clone()).unwrap_or_default();
        let own_database = policy.is_some_and(|policy| policy.service.database == DatabaseMode::Dedicated);
        let example = example(&control.config.gateway_url, &slug, &routes);
        let (name, summary) = (product.name.clone(), product.summary.clone());
        let plans = plans(&product, query.get("interval"), logged_in);
        Ok(view! {
            <SiteShell title=name.clone()>
                <Breadcrumbs parents=vec![Crumb::new("Catalogue", "/catalog")] current=name.clone() />
                <header class="page-h">
                    <div>
                        <div class="product-h"><span class="glyph"><Icon name=glyph(product.kind) /></span><h1 class="title">{name}</h1></div>
                        <p class="lede">{summary}</p>
                        <p class="row small muted">
                            <Tag label=kind_name(product.kind) />
                            {own_database.then_some("Each application has a database of its own")}
                        </p>
                    </div>
                    <div class="row">
                        <a class="btn" href="#docs">"Documentation"</a>
                        <LinkButton href=subscribe(&product.slug, None, logged_in) label="Subscribe" look=Look::Primary />
                    </div>
                </header>
                {plans}
                <section class="cols cols-side" id="docs" aria-labelledby="docs-h">
                    <div class="stack">
                        <h2 id="docs-h">"Documentation"</h2>
                        <Prose text=product.description.clone() />
                        {options(&product)}
                    </div>
                    <div class="stack">{example}{endpoints(&slug, &routes)}</div>
                </section>
            </SiteShell>
        })
    })
}

/// Where “Subscribe” leads: through the choice of a tenant, and through registration before it.
fn subscribe(product: &str, plan: Option<&str>, logged_in: bool) -> String {
    let page = Query::default().with("product", product).with("plan", plan.unwrap_or_default()).href();
    let choice = choose(&format!("subscribe{page}"));
    if logged_in { choice } else { entrance("/register", Some(&choice), None) }
}

fn plans(product: &ProductView, wanted: Option<&str>, logged_in: bool) -> impl IntoView + use<> {
    let yearly = wanted == Some("year");
    let both = [PlanInterval::Month, PlanInterval::Year].iter().all(|one| product.plans.iter().any(|plan| plan.interval == *one));
    let choice = both.then(|| {
        let options = vec![("month", "Monthly"), ("year", "Yearly")];
        view! { <SegmentedRange name="interval" options=options current=if yearly { "year" } else { "month" } label="Billing interval" /> }
    });
    let shown: Vec<PlanView> = product
        .plans
        .iter()
        .filter(|plan| !both || plan.price.amount == 0 || (plan.interval == PlanInterval::Year) == yearly)
        .cloned()
        .collect();
    let picked = shown.iter().position(|plan| plan.price.amount > 0);
    let body = if shown.is_empty() {
        view! { <EmptyState card=true icon="card" title="No plans at the moment">"The product cannot be subscribed to right now."</EmptyState> }.into_any()
    } else {
        let columns = shown
            .into_iter()
            .enumerate()
            .map(|(index, plan)| plan_column(&product.slug, plan, picked == Some(index), logged_in))
            .collect_view();
        view! { <div class="plans">{columns}</div> }.into_any()
    };
    view! {
        <section class="stack" id="plans" aria-labelledby="plans-h">
            <div class="card-h"><h2 id="plans-h">"Plans"</h2>{choice}</div>
            {body}
            <p class="hint">"Prices without tax. Upgrades take effect at once; downgrades at the end of the period. Quotas count for a whole subscription, speed for each application."</p>
        </section>
    }
}

fn plan_column(product: &str, plan: PlanView, picked: bool, logged_in: bool) -> impl IntoView + use<> {
    let free = plan.price.amount == 0;
    let label = if free { format!("Start with {}", plan.name) } else { format!("Subscribe to {}", plan.name) };
    let trial = if plan.trial_days > 0 {
        format!("{} to try it, free of charge.", count(plan.trial_days, "day", "days"))
    } else if free {
        "To build and to try. No card.".to_owned()
    } else {
        "Cancel at any time.".to_owned()
    };
    let features = plan.features.iter().map(|feature| view! { <div><dt>{feature.clone()}</dt><dd><Icon name="check" small=true /><span class="vh">"Included"</span></dd></div> }).collect_view();
    let bodies = body_limits(&plan).map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view();
    let href = subscribe(product, Some(&plan.code), logged_in);
    view! {
        <article class=if picked { "plan pick" } else { "plan" }>
            <h3>{plan.name.clone()}</h3>
            <p>{trial}</p>
            <div class="stack">
                <p class="plan-price"><b>{plan.price.to_string()}</b>" a "{interval(plan.interval)}</p>
                <LinkButton href=href label=label look=if picked { Look::Primary } else { Look::Plain } wide=true />
            </div>
            <dl>
                <div><dt>"Requests a month"</dt><dd>{thousands(plan.included_requests)}</dd></div>
                <div><dt>"Beyond that"</dt><dd>{beyond(&plan)}</dd></div>
                <div><dt>"Speed"</dt><dd>{thousands(plan.rate_per_second)}" a second"</dd></div>
                <div><dt>"Applications"</dt><dd>{thousands(plan.max_applications)}</dd></div>
                {bodies}
                {features}
            </dl>
        </article>
    }
}

/// A call to the first route that can be read without a body.
fn example(gateway: &str, product: &str, routes: &[RouteRule]) -> Option<AnyView> {
    let rule = routes.iter().find(|rule| rule.allows_method("GET"))?;
    let url = format!("{gateway}/products/{product}{}", rule.path);
    let call = Call { method: "GET".to_owned(), url, client_id: "mci_…".to_owned(), json: None };
    Some(view! { <Snippet call=call /> }.into_any())
}

fn endpoints(product: &str, routes: &[RouteRule]) -> Option<AnyView> {
    if routes.is_empty() {
        return None;
    }
    let lines = routes
        .iter()
        .map(|rule| {
            let methods = rule.methods.iter().map(|method| if method == "*" { "ANY" } else { method }).collect::<Vec<_>>().join(", ");
            view! { <li><b class="mono">{methods}</b><code>{rule.path.to_string()}</code></li> }
        })
        .collect_view();
    let note = format!("Under /products/{product}");
    Some(view! { <Card title="Endpoints" note=note flush=true><ul class="endpoints">{lines}</ul></Card> }.into_any())
}

fn options(product: &ProductView) -> Option<AnyView> {
    let found = properties(product.config_schema.as_ref()?);
    if found.is_empty() {
        return None;
    }
    let facts = found
        .into_iter()
        .map(|property| {
            let need = if property.required { "Required" } else { "Optional" };
            let default = property.default.map_or_else(|| need.to_owned(), |default| format!("{default} unless told"));
            let says = property.description.map(|text| view! { <p class="muted small">{text}</p> });
            view! {
                <dt><code>{property.name}</code></dt>
                <dd>{property.kind}" · "{default}{says}</dd>
            }
        })
        .collect_view();
    Some(
        view! {
            <h3>"Options of an application"</h3>
            <Card><dl class="facts">{facts}</dl></Card>
        }
        .into_any(),
    )
}
