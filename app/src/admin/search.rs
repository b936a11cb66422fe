//! `/admin/search?q=`: the first few of everything that has a name.

use leptos::prelude::*;
use mintreu_model::list::ListQuery;

use super::frame::frame;
use crate::{components::prelude::*, load::load};

/// One thing found: address, name, what tells it apart.
type Found = (String, String, String);

/// Shown of each kind.
const MOST: u32 = 8;

fn group(title: &'static str, folder: &'static str, text: &str, total: i64, found: Vec<Found>) -> Option<AnyView> {
    if found.is_empty() {
        return None;
    }
    let rows = found
        .into_iter()
        .map(|(href, name, detail)| Row::new(cells![view! { <a href=href>{name}</a> }, view! { <span class="muted">{detail}</span> }]))
        .collect();
    let all = (total > i64::from(MOST)).then(|| {
        let href = format!("/admin/{folder}?q={}", encode(text));
        Slot::from(view! { <LinkButton href=href label=format!("All {}", thousands(total)) small=true look=Look::Quiet /> })
    });
    let columns = vec![Column::new("Name"), Column::new("About")];
    Some(
        view! { <Card title=title nostrip:action=all flush=true><Table caption=title columns=columns rows=rows dense=true /></Card> }
            .into_any(),
    )
}

#[component]
pub fn Search() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let text = Query::current().get("q").unwrap_or_default().trim().to_owned();
        let mut groups = Vec::new();
        if !text.is_empty() {
            let query = ListQuery { q: Some(text.clone()), limit: Some(MOST), ..ListQuery::default() };
            let found = control.list_any_tenants(&who, &query).await?;
            let lines = found.data.into_iter().map(|one| (format!("/admin/tenants/{}", one.tenant.id), one.tenant.name, one.tenant.slug));
            groups.push(group("Tenants", "tenants", &text, found.total, lines.collect()));
            let found = control.list_users(&who, &query).await?;
            let lines = found.data.into_iter().map(|one| (format!("/admin/users/{}", one.id), one.name, one.email));
            groups.push(group("Users", "users", &text, found.total, lines.collect()));
            let found = control.list_any_applications(&who, &query).await?;
            let lines = found.data.into_iter().map(|one| (format!("/admin/applications/{}", one.id), one.name, one.tenant_name));
            groups.push(group("Applications", "applications", &text, found.total, lines.collect()));
            let found = control.list_any_products(&who, &query).await?;
            let lines = found.data.into_iter().map(|one| (format!("/admin/products/{}", one.slug), one.name, one.slug));
            groups.push(group("Products", "products", &text, found.total, lines.collect()));
            let found = control.list_services(&who, &query).await?;
            let lines = found.data.into_iter().map(|one| (format!("/admin/services/{}", one.slug), one.name, one.slug));
            groups.push(group("Services", "services", &text, found.total, lines.collect()));
        }
        let groups: Vec<AnyView> = groups.into_iter().flatten().collect();
        let body = if text.is_empty() {
            view! { <EmptyState card=true icon="search" title="Search the back office">"Tenants, users, applications, products and services by name."</EmptyState> }
                .into_any()
        } else if groups.is_empty() {
            view! { <EmptyState card=true icon="search" title="Nothing found">"No tenant, user, application, product or service has that in its name."</EmptyState> }
                .into_any()
        } else {
            groups.collect_view().into_any()
        };
        let again = view! {
            <form class="filters" method="get" role="search" aria-label="Search the back office">
                <div class="find">
                    <Icon name="search" small=true />
                    <input class="input" type="search" name="q" aria-label="Name or e-mail" placeholder="Name or e-mail" value=text />
                </div>
                <button class="btn">"Search"</button>
            </form>
        };
        Ok(view! {
            <AdminShell frame=frame title="Search" current="search" width=Width::Document>
                <PageHeader title="Search" />
                <Card flush=true>{again}</Card>
                {body}
            </AdminShell>
        })
    })
}
