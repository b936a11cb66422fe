//! `/t/{tenant}/subscriptions`: what the tenant pays for, and how far each quota is.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{role::Permission, status::SubscriptionStatus, view::SubscriptionView};

use crate::{
    cells,
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        frame::{frame, param},
        words::subscription_price,
    },
};

#[component]
pub fn Subscriptions() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let now = control.clock.now();
        let list = control.list_subscriptions(&who, &Query::current().list()).await?;
        let may = who.role().may(Permission::ManageSubscriptions);
        let status = Filter {
            key: "status",
            label: "Status",
            any: "Any status",
            options: SubscriptionStatus::ALL.iter().map(|status| (status.to_string(), humanise(status.as_str()))).collect(),
        };
        let columns = vec![
            Column::new("Product").sort("product"),
            Column::new("Status").sort("status"),
            Column::new("Plan"),
            Column::new("Price").num(),
            Column::new("Requests this period").num(),
            Column::new("Applications").num(),
            Column::new("Next"),
        ];
        let rows = list.data.iter().map(|one| row(&tenant, one, now)).collect();
        let subscribe = format!("/t/{tenant}/subscribe");
        let empty = if may {
            let actions = view! { <LinkButton href=subscribe.clone() label="Choose a product" look=Look::Primary /> };
            view! {
                <EmptyState icon="refresh" title="No subscriptions yet" actions=actions>
                    "Subscribe to a product to provision applications of it."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <EmptyState icon="refresh" title="No subscriptions yet">
                    "An owner, an admin or somebody with the role billing can subscribe to a product."
                </EmptyState>
            }
            .into_any()
        };
        let action = may.then(|| view! { <LinkButton href=subscribe label="Subscribe" look=Look::Primary icon="plus" /> });
        Ok(view! {
            <TenantShell frame=frame title="Subscriptions" current="subscriptions" action=action>
                <PageHeader title="Subscriptions" lede="What this tenant uses, on which plan, and how far each quota is." />
                <List of="subscriptions" columns=columns rows=rows total=list.total sorted="product" search="Product" filters=vec![status] empty=empty />
            </TenantShell>
        })
    })
}

fn row(tenant: &str, one: &SubscriptionView, now: DateTime<Utc>) -> Row {
    let href = format!("/t/{tenant}/subscriptions/{}", one.id);
    let name = one.product_name.clone();
    let (word, at) = match (one.ended_at, one.cancel_at_period_end) {
        (Some(at), _) => ("Ended ", at),
        (None, true) => ("Ends ", one.current_period_end),
        (None, false) if one.status == SubscriptionStatus::Trialing => ("Trial ends ", one.trial_end.unwrap_or(one.current_period_end)),
        (None, false) => ("Renews ", one.current_period_end),
    };
    Row::new(cells![
        view! { <a href=href>{name}</a> },
        view! { <Status name=one.status.as_str() /> },
        one.plan_name.clone(),
        subscription_price(one),
        format!("{} of {}", thousands(one.quota.used), thousands(one.quota.included)),
        format!("{} of {}", one.applications, one.max_applications),
        view! { {word}<When at=at now=now /> },
    ])
}
