//! `/t/{tenant}/usage`: all applications together, and each one's part.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{form::usage::Preset, list::ListQuery};

use super::{
    breakdown::{Breakdown, lines},
    charts::{Latency, Outcomes},
    figures::figures,
    range::Range,
    range_form::RangeChoice,
};
use crate::{
    components::prelude::*,
    context::control,
    load::load,
    tenant::frame::{frame, param},
};

#[component]
pub fn TenantUsage() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let range = Range::current(control.clock.now(), Preset::Month, None);
        let series = control.get_tenant_usage(&who, &range.query).await?;
        let totals = control.get_usage_totals(&who, None, &range.range()).await?;
        let before = control.get_usage_totals(&who, None, &range.before()).await?;
        let shares = control.get_usage_by_application(&who, &range.range()).await?;
        let applications = control.list_applications(&who, &ListQuery { limit: Some(100), ..ListQuery::default() }).await?.data;
        let query = range.link();
        let name = |id: &str| {
            let found = applications.iter().find(|one| one.id.to_string() == id);
            match found {
                Some(one) => {
                    let href = format!("/t/{tenant}/applications/{}/usage?{query}", one.slug);
                    let (name, product) = (one.name.clone(), one.product_name.clone());
                    view! { <a href=href>{name}</a><span class="sub">{product}</span> }.into()
                }
                None => view! { <span class="muted">"A deleted application"</span> }.into(),
            }
        };
        let lines = lines(shares, name);
        let kpis = figures(&series.data, &totals, &before, &range);
        let lede = format!("All applications, {}. Times in UTC.", range.said);
        let used = totals.requests > 0;
        let choice = view! { <RangeChoice range=range.clone() /> };
        let outcomes = view! { <Outcomes points=series.data.clone() range=range.clone() /> };
        let latency = view! { <Latency points=series.data totals=totals.clone() range=range /> };
        let breakdown = view! { <Breakdown of="Application" lines=lines totals=totals all="All applications" /> };
        let body = if applications.is_empty() && !used {
            let actions = view! { <LinkButton href=format!("/t/{tenant}/applications/new") label="New application" look=Look::Primary /> };
            view! {
                <EmptyState card=true icon="chart" title="Nothing to count yet" actions=actions>
                    "Calls to your applications appear here within seconds, with their outcome and how long they took."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <Kpis figures=kpis />
                <Card title="Requests by outcome">{outcomes}</Card>
                <Card title="Latency" note="From the call's arrival to the beginning of the answer">
                    {latency}
                </Card>
                <Card title="By application" flush=true>{breakdown}</Card>
            }
            .into_any()
        };
        Ok(view! {
            <TenantShell frame=frame title="Usage" current="usage">
                <PageHeader title="Usage" lede=lede actions=choice />
                {body}
            </TenantShell>
        })
    })
}
