//! The frame of a tenant's pages: status, suspend or resume, tabs.

use leptos::prelude::*;
use mintreu_control::{Control, Operator};
use mintreu_model::{status::TenantStatus, view::TenantView};

use crate::{
    Error,
    admin::frame::{frame, id},
    components::prelude::*,
};

/// What each of the pages loads first.
pub async fn tenant(address: &str) -> Result<(Control, Operator, AdminFrame, TenantView), Error> {
    let (control, who, frame) = frame().await?;
    let tenant = control.get_any_tenant(&who, id(address)?).await?;
    Ok((control, who, frame, tenant))
}

/// Between the back office and a page of the tenant.
#[must_use]
pub fn up(tenant: &TenantView) -> Vec<Crumb> {
    vec![Crumb::new("Tenants", "/admin/tenants"), Crumb::new(tenant.name.clone(), format!("/admin/tenants/{}", tenant.id))]
}

fn action(tenant: &TenantView) -> AnyView {
    match tenant.status {
        TenantStatus::Active => {
            view! { <LinkButton href=format!("/admin/tenants/{}/suspend", tenant.id) label="Suspend…" look=Look::Danger /> }.into_any()
        }
        TenantStatus::Suspended => {
            let fields = vec![("tenant", tenant.id.to_string())];
            view! { <PostButton action="/_fn/tenant/resume" label="Resume" fields=fields look=Look::Primary /> }.into_any()
        }
        TenantStatus::Deleting => ().into_any(),
    }
}

fn notice(tenant: &TenantView) -> Option<AnyView> {
    match (tenant.status, tenant.status_reason.clone(), tenant.delete_after) {
        (TenantStatus::Suspended, Some(reason), _) => Some(view! { <Banner tone=Tone::Warning>"Suspended: "{reason}</Banner> }.into_any()),
        (TenantStatus::Deleting, _, Some(at)) => Some(
            view! { <Banner tone=Tone::Warning>"An owner asked for its deletion. It is final on "<Day at=at />"."</Banner> }.into_any(),
        ),
        _ => None,
    }
}

#[component]
pub fn TenantPage(
    frame: AdminFrame,
    tenant: TenantView,
    /// Key of the tab at hand.
    tab: &'static str,
    /// Its label.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    let base = format!("/admin/tenants/{}", tenant.id);
    let tabs = vec![
        Tab::new("overview", "Overview", base.clone()),
        Tab::new("members", "Members", format!("{base}/members")),
        Tab::new("subscriptions", "Subscriptions", format!("{base}/subscriptions")),
        Tab::new("applications", "Applications", format!("{base}/applications")),
        Tab::new("audit", "Audit log", format!("{base}/audit")),
    ];
    let (title, mut parents) = if tab == "overview" { (tenant.name.clone(), up(&tenant)) } else { (title.to_owned(), up(&tenant)) };
    if tab == "overview" {
        parents.pop();
    }
    let badge = view! { <Status name=tenant.status.as_str() /> };
    view! {
        <AdminShell frame=frame title=title current="tenants" parents=parents>
            <PageHeader title=tenant.name.clone() lede=view! { <code>{tenant.slug.clone()}</code> } badge=badge actions=action(&tenant) />
            {notice(&tenant)}
            <Tabs label="Tenant" tabs=tabs current=tab />
            {children()}
        </AdminShell>
    }
    .into_any()
}
