//! `/admin/tenants/{id}`

use leptos::prelude::*;
use mintreu_model::list::ListQuery;

use super::head::{TenantPage, tenant};
use crate::{
    admin::audit::href,
    components::prelude::*,
    load::load,
    tenant::{frame::param, happened},
};

#[component]
pub fn Tenant() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame, tenant) = tenant(&address).await?;
        let by_slug = ListQuery { q: Some(tenant.slug.clone()), ..ListQuery::default() };
        let row = control.list_any_tenants(&who, &by_slug).await?.data.into_iter().find(|row| row.tenant.id == tenant.id);
        let recent = ListQuery { limit: Some(8), ..ListQuery::default() };
        let recent = control.list_any_tenant_audit(&who, tenant.id, &recent).await?.data;
        let now = control.clock.now();
        let kpis = row.as_ref().map(|row| {
            view! {
                <Kpis figures=vec![
                    Kpi::new("Requests, 30 days", thousands(row.requests_30_days)),
                    Kpi::new("Live subscriptions", thousands(row.subscriptions)),
                    Kpi::new("Applications", thousands(row.applications)),
                    Kpi::new("Members", thousands(row.members)),
                ] />
            }
        });
        let owner = row.and_then(|row| row.owner_email).unwrap_or_else(|| "Nobody".to_owned());
        let facts: Vec<(&'static str, Slot)> = vec![
            ("Owner", owner.into()),
            ("Since", view! { <Day at=tenant.created_at /> }.into()),
            ("Id", view! { <code>{tenant.id.to_string()}</code> }.into()),
            ("Dashboard", view! { <code>{format!("/t/{}", tenant.slug)}</code> }.into()),
        ];
        let feed = if recent.is_empty() {
            view! { <p class="muted">"Nothing has happened yet."</p> }.into_any()
        } else {
            view! { <Feed items=recent.iter().map(|entry| happened::item(entry, now, href(entry))).collect() /> }.into_any()
        };
        let more = view! { <LinkButton href=format!("/admin/tenants/{}/audit", tenant.id) label="All" small=true look=Look::Quiet /> };
        Ok(view! {
            <TenantPage frame=frame tenant=tenant tab="overview" title="Overview">
                {kpis}
                <div class="cols cols-main">
                    <Card title="Recent activity" action=more>{feed}</Card>
                    <Card title="Tenant"><DefinitionList facts=facts /></Card>
                </div>
            </TenantPage>
        })
    })
}
