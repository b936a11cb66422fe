//! `/t/{tenant}/applications`: all of them, with how much each is used.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{
    form::usage::Preset,
    role::Permission,
    status::ApplicationStatus,
    view::{ApplicationView, UsageShare},
};

use crate::{
    cells,
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        frame::{frame, param},
        usage::figures::percent,
    },
};

#[component]
pub fn Applications() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let now = control.clock.now();
        let list = control.list_applications(&who, &Query::current().list()).await?;
        let shares = control.get_usage_by_application(&who, &Preset::Month.range(now)).await?;
        let may = who.role().may(Permission::ManageApplications);
        let status = Filter {
            key: "status",
            label: "Status",
            any: "Any status",
            options: ApplicationStatus::ALL
                .iter()
                .filter(|status| **status != ApplicationStatus::Deleted)
                .map(|status| (status.to_string(), humanise(status.as_str())))
                .collect(),
        };
        let columns = vec![
            Column::new("Name").sort("name"),
            Column::new("Status").sort("status"),
            Column::new("Product").sort("product"),
            Column::new("Requests, 30 days").num(),
            Column::new("Errors").num(),
            Column::new("Created").sort("created"),
        ];
        let rows = list.data.iter().map(|one| row(&tenant, one, &shares, now)).collect();
        let new = format!("/t/{tenant}/applications/new");
        let empty = if may {
            view! {
                <EmptyState icon="box" title="No applications yet"
                    actions=view! { <LinkButton href=new.clone() label="New application" look=Look::Primary /> }>
                    "An application is yours alone: its own keys, its own endpoint and, where the product has one, its own database."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <EmptyState icon="box" title="No applications yet">"Somebody with the role developer, admin or owner can provision one."</EmptyState>
            }
            .into_any()
        };
        let action = may.then(|| view! { <LinkButton href=new label="New application" look=Look::Primary icon="plus" /> });
        Ok(view! {
            <TenantShell frame=frame title="Applications" current="applications" action=action>
                <PageHeader title="Applications" lede="Each has its own keys, endpoint and data." />
                <List of="applications" columns=columns rows=rows total=list.total sorted="-created" search="Name" filters=vec![status] empty=empty />
            </TenantShell>
        })
    })
}

fn row(tenant: &str, one: &ApplicationView, shares: &[UsageShare], now: chrono::DateTime<chrono::Utc>) -> Row {
    let href = format!("/t/{tenant}/applications/{}", one.slug);
    let (name, slug) = (one.name.clone(), one.slug.clone());
    let (product, plan) = (one.product_name.clone(), one.plan_name.clone());
    let id = one.id.to_string();
    let used = shares.iter().find(|share| share.by == id).map(|share| &share.totals);
    Row::new(cells![
        view! { <a href=href>{name}</a><span class="sub mono">{slug}</span> },
        view! { <Status name=one.status.as_str() /> },
        view! { {product}<span class="sub">{plan}</span> },
        thousands(used.map_or(0, |totals| totals.requests)),
        used.map_or_else(|| "–".to_owned(), percent),
        view! { <When at=one.created_at now=now /> },
    ])
}
