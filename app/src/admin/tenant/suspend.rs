//! `/admin/tenants/{id}/suspend`: why, and what follows.

use leptos::prelude::*;
use mintreu_model::status::TenantStatus;

use super::head::{tenant, up};
use crate::{admin::confirm::Confirm, components::prelude::*, load::load, tenant::frame::param};

#[component]
pub fn SuspendTenant() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (_, _, frame, tenant) = tenant(&address).await?;
        let active = tenant.status == TenantStatus::Active;
        Ok(view! {
            <Confirm frame=frame title=format!("Suspend {}?", tenant.name) current="tenants" parents=up(&tenant) action="/_fn/tenant/suspend"
                confirm=active.then_some("Suspend tenant") back=format!("/admin/tenants/{}", tenant.id)>
                <Hidden name="tenant" value=tenant.id.to_string() />
                {if active {
                    view! {
                        <ul class="bullets">
                            <li>"All of its calls are refused at once, with 403."</li>
                            <li>"Its members can look, and change nothing."</li>
                            <li>"Nothing is deleted. You can resume it at any time."</li>
                        </ul>
                        <Field name="reason" label="Reason" hint="The members read it." placeholder="Invoice 2026-118 is unpaid" />
                    }
                    .into_any()
                } else {
                    view! { <p>{format!("The tenant is {}, so it cannot be suspended.", tenant.status)}</p> }.into_any()
                }}
            </Confirm>
        })
    })
}
