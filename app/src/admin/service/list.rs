//! `/admin/services`

use leptos::prelude::*;
use mintreu_model::{status::DatabaseMode, view::HealthView, view::ServiceView};

use super::health::HealthBadge;
use crate::{admin::frame::frame, components::prelude::*, load::load};

fn row(service: ServiceView, health: Vec<HealthView>) -> Row {
    let more = service.base_urls.len().saturating_sub(1);
    let first = service.base_urls.into_iter().next().unwrap_or_default();
    let more = (more > 0).then(|| view! { <span class="sub">{format!("and {more} more")}</span> });
    let database = match service.database {
        DatabaseMode::None => "None",
        DatabaseMode::Dedicated => "One per application",
    };
    Row::new(cells![
        view! { <a href=format!("/admin/services/{}", service.slug)>{service.name}</a><span class="sub mono">{service.slug}</span> },
        view! { <HealthBadge found=health /> },
        view! { <code>{first}</code>{more} },
        service.routes.len().to_string(),
        database,
        if service.lifecycle { "Yes" } else { "No" },
    ])
}

#[component]
pub fn Services() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let services = control.list_services(&who, &Query::current().list()).await?;
        let health = control.health_of_services(&who, &services.data);
        let columns = vec![
            Column::new("Service").sort("name"),
            Column::new("Health"),
            Column::new("Addresses"),
            Column::new("Routes").num(),
            Column::new("Database"),
            Column::new("Lifecycle calls"),
        ];
        let total = services.total;
        let rows = services.data.into_iter().zip(health).map(|(service, health)| row(service, health)).collect();
        let new = || view! { <LinkButton href="/admin/services/new" label="New service" look=Look::Primary icon="plus" /> };
        let empty = view! {
            <EmptyState icon="server" title="No services yet" actions=new()>
                "A service is a program that answers HTTP. Register it with its address and the routes it exposes, then sell it as a product."
            </EmptyState>
        };
        Ok(view! {
            <AdminShell frame=frame title="Services" current="services" action=new()>
                <PageHeader title="Services" lede="The programs behind the products. Health is what this gateway knows of their addresses." />
                <List of="services" columns=columns rows=rows total=total sorted="name" search="Name or slug" dense=true empty=empty />
            </AdminShell>
        })
    })
}
