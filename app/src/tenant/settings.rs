//! `/t/{tenant}/settings`: the name, the facts, and the danger zone.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{role::Permission, status::TenantStatus, view::TenantView};

use super::frame::{frame, param};
use crate::{components::prelude::*, load::load};

#[component]
pub fn Settings() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&slug).await?;
        let tenant = who.tenant().clone();
        let suspended = tenant.status == TenantStatus::Suspended;
        let rename = (who.role().may(Permission::ManageTenant) && !suspended).then(|| rename(tenant.clone()));
        let danger = (who.role().may(Permission::OwnTenant) && !suspended).then(|| danger(&tenant));
        let facts = vec![
            ("Id", view! { <CopyLine text=tenant.id.to_string() what="the id of the tenant" /> }.into()),
            ("Address", view! { <code>{format!("/t/{}", tenant.slug)}</code> }.into()),
            ("Status", view! { <Status name=tenant.status.as_str() /> }.into()),
            ("Made", view! { <Day at=tenant.created_at /> }.into()),
            ("Your role", who.role().title().into()),
        ];
        Ok(view! {
            <TenantShell frame=frame title="Settings" current="settings" width=Width::Form>
                <PageHeader title="Settings" lede="Of the tenant. Yours are under Profile and security." />
                {rename}
                <Card title="About this tenant" note="The REST API uses the id"><DefinitionList facts=facts /></Card>
                {danger}
            </TenantShell>
        })
    })
}

fn rename(tenant: TenantView) -> impl IntoView {
    view! {
        <Card title="Name">
            <Form action="/_fn/tenant/rename" submit="Save" look=Look::Plain id="rename">
                <Field name="name" label="Name of the tenant" value=tenant.name hint="Addresses stay as they are." />
                <Hidden name="tenant" value=tenant.slug />
            </Form>
        </Card>
    }
}

fn danger(tenant: &TenantView) -> AnyView {
    if tenant.status == TenantStatus::Deleting {
        let slug = tenant.slug.clone();
        let day = tenant.delete_after.map(|at| view! { " on "<Day at=at /> });
        return view! {
            <section class="card stack" id="danger" aria-labelledby="danger-h">
                <h2 id="danger-h">"Being deleted"</h2>
                <p>"Everything goes for good"{day}". Until then the data is kept, and the keys do not work."</p>
                <Form action="/_fn/tenant/keep" submit="Keep this tenant" id="keep"><Hidden name="tenant" value=slug /></Form>
            </section>
        }
        .into_any();
    }
    let (label, slug) = (format!("Type {} to confirm", tenant.name), tenant.slug.clone());
    view! {
        <section class="card stack" id="danger" aria-labelledby="danger-h">
            <h2 id="danger-h">"Delete this tenant"</h2>
            <p>"All keys stop at once. After a grace of some days, these go for good:"</p>
            <ul class="bullets">
                <li>"its applications with their databases"</li>
                <li>"its subscriptions, which end"</li>
                <li>"its members’ access and its activity"</li>
            </ul>
            <Form action="/_fn/tenant/delete" submit="Delete tenant" look=Look::Danger id="delete" note="An owner can take it back within the grace.">
                <Field name="confirm" label=label autocomplete="off" />
                <Hidden name="tenant" value=slug />
            </Form>
        </section>
    }
    .into_any()
}
