//! `/admin/usage`: calls of all tenants by outcome, latency, and whose they are: `?range=`, `?by=`.

use leptos::prelude::*;
use mintreu_control::{Control, Operator};
use mintreu_model::{form::usage::Preset, id::TenantId, list::ListQuery, status::UsageOf, view::UsageShare};

use super::frame::frame;
use crate::{
    Error,
    components::prelude::*,
    load::load,
    tenant::usage::{
        breakdown::{Breakdown, Line, MOST_ROWS, status_name},
        charts::{Latency, Outcomes},
        figures::figures,
        range::Range,
        range_form::RangeChoice,
    },
};

#[component]
pub fn Usage() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let range = Range::current(control.clock.now(), Preset::Month, None);
        let by = Query::current().get("by").and_then(UsageOf::from_name).unwrap_or(UsageOf::Tenant);
        let points = control.get_any_usage(&who, &range.query).await?.data;
        let totals = control.get_any_usage_totals(&who, &range.range()).await?;
        let before = control.get_any_usage_totals(&who, &range.before()).await?;
        let lines = named(&control, &who, by, control.get_any_usage_shares(&who, &range.range(), by).await?).await?;
        let (of, all) = match by {
            UsageOf::Tenant => ("Tenant", "All tenants"),
            UsageOf::Product => ("Product", "All products"),
            UsageOf::Status => ("Status", "All answers"),
        };
        let kpis = figures(&points, &totals, &before, &range);
        let csv = format!("/admin/usage.csv?{}", range.link());
        let parts = format!("{csv}&by={by}");
        let lede = format!("All tenants, {}. Times in UTC.", range.said);
        let choice = view! {
            <SegmentedRange name="by" label="Broken down by" current=by.as_str()
                options=vec![("tenant", "Tenants"), ("product", "Products"), ("status", "Status")] />
            <LinkButton href=parts label="CSV" icon="download" about="of the breakdown" small=true download=true />
        };
        let outcomes = view! { <Outcomes points=points.clone() range=range.clone() /> };
        let latency = view! { <Latency points=points totals=totals.clone() range=range.clone() /> };
        let breakdown = view! { <Breakdown of=of lines=lines totals=totals all=all /> };
        let actions = view! {
            <div class="row">
                <RangeChoice range=range />
                <LinkButton href=csv label="CSV" icon="download" download=true />
            </div>
        };
        Ok(view! {
            <AdminShell frame=frame title="Usage" current="usage">
                <PageHeader title="Usage" lede=lede actions=actions />
                <Kpis figures=kpis />
                <Card title="Requests by outcome">{outcomes}</Card>
                <Card title="Latency" note="From the call's arrival to the beginning of the answer">{latency}</Card>
                <Card title="Breakdown" flush=true action=choice>{breakdown}</Card>
            </AdminShell>
        })
    })
}

/// Lines of shares, with the names of what is shown and is still there.
async fn named(control: &Control, who: &Operator, by: UsageOf, shares: Vec<UsageShare>) -> Result<Vec<Line>, Error> {
    let products = match by {
        UsageOf::Product => control.list_any_products(who, &ListQuery { limit: Some(100), ..ListQuery::default() }).await?.data,
        UsageOf::Tenant | UsageOf::Status => Vec::new(),
    };
    let mut lines = Vec::with_capacity(shares.len());
    for (place, share) in shares.into_iter().enumerate() {
        let name: Slot = match by {
            UsageOf::Status => status_name(&share.by),
            UsageOf::Product => match products.iter().find(|product| product.id.to_string() == share.by) {
                Some(product) => linked(format!("/admin/products/{}", product.slug), product.name.clone()),
                None => gone("A deleted product"),
            },
            UsageOf::Tenant => match share.by.parse::<TenantId>() {
                Ok(id) if place < MOST_ROWS => match control.get_any_tenant(who, id).await {
                    Ok(tenant) => linked(format!("/admin/tenants/{id}"), tenant.name),
                    Err(_) => gone("A deleted tenant"),
                },
                _ => gone("Another tenant"),
            },
        };
        lines.push(Line { name, totals: share.totals });
    }
    Ok(lines)
}

fn linked(href: String, name: String) -> Slot {
    view! { <a href=href>{name}</a> }.into()
}

fn gone(words: &'static str) -> Slot {
    view! { <span class="muted">{words}</span> }.into()
}
