//! `/admin/tenants/{id}/subscriptions`, `…/applications`, `…/audit`

use leptos::prelude::*;

use super::head::{TenantPage, tenant};
use crate::{
    admin::{application::ApplicationList, audit::AuditList, subscription::SubscriptionList},
    components::query::Query,
    load::load,
    tenant::frame::param,
};

#[component]
pub fn TenantSubscriptions() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame, tenant) = tenant(&address).await?;
        let found = control.list_any_tenant_subscriptions(&who, tenant.id, &Query::current().list()).await?;
        let now = control.clock.now();
        Ok(view! {
            <TenantPage frame=frame tenant=tenant tab="subscriptions" title="Subscriptions">
                <SubscriptionList subscriptions=found now=now of_tenant=true />
            </TenantPage>
        })
    })
}

#[component]
pub fn TenantApplications() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame, tenant) = tenant(&address).await?;
        let found = control.list_any_tenant_applications(&who, tenant.id, &Query::current().list()).await?;
        let now = control.clock.now();
        Ok(view! {
            <TenantPage frame=frame tenant=tenant tab="applications" title="Applications">
                <ApplicationList applications=found now=now of_tenant=true />
            </TenantPage>
        })
    })
}

#[component]
pub fn TenantAudit() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame, tenant) = tenant(&address).await?;
        let found = control.list_any_tenant_audit(&who, tenant.id, &Query::current().list()).await?;
        let now = control.clock.now();
        Ok(view! {
            <TenantPage frame=frame tenant=tenant tab="audit" title="Audit log">
                <AuditList entries=found now=now of_tenant=true />
            </TenantPage>
        })
    })
}
