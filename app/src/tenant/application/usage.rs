//! `…/usage`: calls by outcome, latency, and what they are made of: `?range=`, `?by=`.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{form::usage::Preset, status::UsageBy};

use super::head::{Address, open};
use crate::{
    components::prelude::*,
    load::load,
    tenant::usage::{
        breakdown::{Breakdown, lines, route_name, status_name},
        charts::{Latency, Outcomes},
        figures::figures,
        range::Range,
        range_form::RangeChoice,
        refusals::Refusals,
    },
};

#[component]
pub fn ApplicationUsage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let (control, who, id) = (&opened.control, &opened.who, opened.application.id);
        let quota = control.get_subscription(who, opened.application.subscription).await?.quota;
        let range = Range::current(control.clock.now(), Preset::Month, Some(&quota));
        let by = Query::current().get("by").and_then(UsageBy::from_name).unwrap_or(UsageBy::Route);
        let points = control.get_usage(who, id, &range.query).await?.data;
        let totals = control.get_usage_totals(who, Some(id), &range.range()).await?;
        let before = control.get_usage_totals(who, Some(id), &range.before()).await?;
        let shares = control.get_usage_shares(who, id, &range.range(), by).await?;
        let refusals = control.get_refusals(who, id, &range.range()).await?;
        let csv = opened.address.href(&format!("/usage.csv?{}&by={by}&format=csv", range.link()));
        let lines = match by {
            UsageBy::Route => lines(shares, route_name),
            UsageBy::Status => lines(shares, status_name),
            UsageBy::Key => lines(shares, |id| {
                let Some(key) = opened.keys.iter().find(|key| key.id.to_string() == id) else {
                    return view! { <code class="muted">{id.to_owned()}</code> }.into();
                };
                let (href, name) = (opened.address.href(&format!("/keys/{}", key.id)), key.name.clone());
                view! { <a href=href>{name}</a><span class="sub mono">{format!("…{}", key.secret_last_four)}</span> }.into()
            }),
        };
        let (of, all) = match by {
            UsageBy::Route => ("Route", "All routes"),
            UsageBy::Key => ("Key", "All keys"),
            UsageBy::Status => ("Status", "All answers"),
        };
        let kpis = figures(&points, &totals, &before, &range);
        let choice = view! {
            <SegmentedRange name="by" label="Broken down by" current=by.as_str()
                options=vec![("route", "Routes"), ("key", "Keys"), ("status", "Status")] />
        };
        let lede = format!("{}. Times in UTC.", humanise(&range.said));
        let outcomes = view! { <Outcomes points=points.clone() range=range.clone() /> };
        let latency = view! { <Latency points=points totals=totals.clone() range=range.clone() /> };
        let breakdown = view! { <Breakdown of=of lines=lines totals=totals all=all /> };
        let content = view! {
            <div class="row between">
                <p class="small muted">{lede}</p>
                <div class="row">
                    <RangeChoice range=range period=true />
                    <LinkButton href=csv label="CSV" icon="download" download=true />
                </div>
            </div>
            <Kpis figures=kpis />
            <Card title="Requests by outcome">{outcomes}</Card>
            <Card title="Latency" note="From the call's arrival to the beginning of the answer">
                {latency}
            </Card>
            <Card title="Breakdown" flush=true action=choice>{breakdown}</Card>
            <Card title="Refused, by reason" note="By the gateway, never billed" flush=true><Refusals refusals=refusals /></Card>
        }
        .into_any();
        Ok(opened.page("usage", "Usage", None, content))
    })
}
