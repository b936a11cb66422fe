//! `/admin/tenants`

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{status::TenantStatus, view::TenantRow};

use crate::{
    admin::{
        filter::statuses,
        frame::frame,
        sheet::{Sheet, maybe},
    },
    components::prelude::*,
    flash::PageFlash,
    load::load,
};

/// The list as a file.
pub const SHEET: Sheet<TenantRow> = Sheet {
    of: "tenants",
    id: |one| one.tenant.id.to_string(),
    figures: &[
        ("Tenant", "name", |one| one.tenant.name.clone()),
        ("Tenant", "slug", |one| one.tenant.slug.clone()),
        ("Status", "status", |one| one.tenant.status.to_string()),
        ("Owner", "owner", |one| maybe(one.owner_email.as_ref())),
        ("Members", "members", |one| one.members.to_string()),
        ("Subscriptions", "subscriptions", |one| one.subscriptions.to_string()),
        ("Applications", "applications", |one| one.applications.to_string()),
        ("Requests, 30 days", "requests_30_days", |one| one.requests_30_days.to_string()),
        ("Since", "created_at", |one| machine(one.tenant.created_at)),
    ],
};

fn row(one: TenantRow, now: DateTime<Utc>) -> Row {
    let (id, name) = (one.tenant.id.to_string(), one.tenant.name.clone());
    let owner = one.owner_email.unwrap_or_else(|| "Nobody".to_owned());
    Row::new(cells![
        view! { <a href=format!("/admin/tenants/{}", one.tenant.id)>{one.tenant.name}</a><span class="sub mono">{one.tenant.slug}</span> },
        view! { <Status name=one.tenant.status.as_str() /> },
        owner,
        thousands(one.members),
        thousands(one.subscriptions),
        thousands(one.applications),
        thousands(one.requests_30_days),
        view! { <When at=one.tenant.created_at now=now /> },
    ])
    .pick(id, name)
}

#[component]
pub fn Tenants() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let tenants = control.list_any_tenants(&who, &Query::current().list()).await?;
        let now = control.clock.now();
        let columns = vec![
            Column::new("Tenant").sort("name"),
            Column::new("Status").sort("status"),
            Column::new("Owner"),
            Column::new("Members").num(),
            Column::new("Subscriptions").num(),
            Column::new("Applications").num(),
            Column::new("Requests, 30 days").num(),
            Column::new("Since").sort("created"),
        ];
        let bulk = Bulk {
            action: "/admin/tenants/suspend".into(),
            asks: true,
            all: format!("All {} that match", thousands(tenants.total)),
            buttons: view! {
                <Button label="Suspend…" look=Look::Danger small=true />
                <Button label="Resume…" small=true to="/admin/tenants/resume" />
            }
            .into(),
        };
        let refused = PageFlash::current().once();
        let total = tenants.total;
        let rows = tenants.data.into_iter().map(|one| row(one, now)).collect();
        let filters = vec![statuses(TenantStatus::ALL.iter().map(|status| status.as_str()))];
        let empty = view! {
            <EmptyState icon="home" title="No tenants yet">"A tenant is a customer. One appears when somebody registers and makes it."</EmptyState>
        };
        Ok(view! {
            <AdminShell frame=frame title="Tenants" current="tenants">
                <PageHeader title="Tenants" lede="The customers of the platform. Times in UTC." />
                <BulkReport refused=refused />
                <List of="tenants" columns=columns rows=rows total=total sorted="-created" search="Name or slug" filters=filters dense=true
                    empty=empty csv="/admin/tenants.csv" bulk=bulk />
            </AdminShell>
        })
    })
}
