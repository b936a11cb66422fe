//! `/admin/subscriptions`, and its table, which tenants' pages show too.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{list, status::SubscriptionStatus, view::SubscriptionView};

use super::{
    filter::statuses,
    frame::frame,
    sheet::{Sheet, maybe},
};
use crate::{
    components::prelude::*,
    load::load,
    tenant::words::{standing, subscription_price},
};

/// The list as a file.
pub const SHEET: Sheet<SubscriptionView> = Sheet {
    of: "subscriptions",
    id: |one| one.id.to_string(),
    figures: &[
        ("Tenant", "tenant", |one| one.tenant_name.clone()),
        ("Tenant", "tenant_slug", |one| one.tenant_slug.clone()),
        ("Product", "product", |one| one.product.clone()),
        ("Plan", "plan", |one| one.plan.clone()),
        ("Plan", "plan_version", |one| one.plan_version.to_string()),
        ("Status", "status", |one| one.status.to_string()),
        ("Price", "price", |one| one.price.major()),
        ("Price", "currency", |one| one.price.currency.code().to_owned()),
        ("Price", "interval", |one| one.interval.to_string()),
        ("Period ends", "period_end", |one| machine(one.current_period_end)),
        ("Period ends", "cancel_at_period_end", |one| one.cancel_at_period_end.to_string()),
        ("Period ends", "ended_at", |one| maybe(one.ended_at.map(machine))),
        ("This month", "requests", |one| one.quota.used.to_string()),
        ("This month", "included_requests", |one| one.quota.included.to_string()),
        ("Applications", "applications", |one| one.applications.to_string()),
        ("Applications", "max_applications", |one| one.max_applications.to_string()),
    ],
};

fn row(one: &SubscriptionView, now: DateTime<Utc>, of_tenant: bool) -> Row {
    let tenant = view! { <a href=format!("/admin/tenants/{}", one.tenant)>{one.tenant_name.clone()}</a> };
    let product = view! { <a href=format!("/admin/products/{}", one.product)>{one.product_name.clone()}</a> };
    let plan = view! { {one.plan_name.clone()}<span class="sub">{format!("Version {}", one.plan_version)}</span> };
    let status = view! { <span title=standing(one, now)><Status name=one.status.as_str() /></span> };
    let ends = if one.cancel_at_period_end { Some(view! { <span class="sub">"Cancelled"</span> }) } else { None };
    let period = match one.ended_at {
        Some(at) => view! { "Ended "<When at=at now=now /> }.into_any(),
        None => view! { <When at=one.current_period_end now=now />{ends} }.into_any(),
    };
    let used = view! { <SmallMeter label="Requests" used=one.quota.used included=one.quota.included /> };
    let applications = format!("{} of {}", one.applications, one.max_applications);
    let mut cells = cells![product, plan, status, subscription_price(one), period, used, applications];
    if !of_tenant {
        cells.insert(0, tenant.into());
    }
    Row::new(cells)
}

#[component]
pub fn SubscriptionList(
    subscriptions: list::List<SubscriptionView>,
    now: DateTime<Utc>,
    /// All of them are of one tenant.
    #[prop(optional)]
    of_tenant: bool,
) -> impl IntoView {
    let mut columns = vec![
        Column::new("Product").sort("product"),
        Column::new("Plan").sort("plan"),
        Column::new("Status").sort("status"),
        Column::new("Price"),
        Column::new("Period ends").sort("period_end"),
        Column::new("This month"),
        Column::new("Applications").num(),
    ];
    if !of_tenant {
        columns.insert(0, Column::new("Tenant").sort("tenant"));
    }
    let total = subscriptions.total;
    let rows = subscriptions.data.iter().map(|one| row(one, now, of_tenant)).collect();
    let filters = vec![statuses(SubscriptionStatus::ALL.iter().map(|status| status.as_str()))];
    let csv = (!of_tenant).then(|| "/admin/subscriptions.csv".to_owned());
    let empty = view! {
        <EmptyState icon="refresh" title="No subscriptions yet">"They begin when somebody subscribes to a published product."</EmptyState>
    };
    view! {
        <List of="subscriptions" columns=columns rows=rows total=total search="Tenant, product or plan" filters=filters dense=true empty=empty
            nostrip:csv=csv />
    }
    .into_any()
}

#[component]
pub fn Subscriptions() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let subscriptions = control.list_any_subscriptions(&who, &Query::current().list()).await?;
        let now = control.clock.now();
        Ok(view! {
            <AdminShell frame=frame title="Subscriptions" current="subscriptions">
                <PageHeader title="Subscriptions" lede="Who has what, newest first. Times in UTC." />
                <SubscriptionList subscriptions=subscriptions now=now />
            </AdminShell>
        })
    })
}
