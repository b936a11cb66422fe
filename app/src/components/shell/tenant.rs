//! The dashboard of a tenant: switcher, navigation, the page.

use leptos::prelude::*;

use super::{
    dashboard::{Parts, Viewer, Width, frame, initials},
    notice::FrameNotice,
};
use crate::components::{
    brand::Brand,
    breadcrumbs::Crumb,
    icon::Icon,
    nav::{set_count, tenant_nav},
    slot::Slot,
};
use crate::search::Place;

/// What every page of a tenant knows: who looks, which tenant, which others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFrame {
    pub viewer: Viewer,
    pub name: String,
    pub slug: String,
    /// Role of the viewer here, as people say it: “Owner”.
    pub role: String,
    /// Number of applications; `None` leaves it out.
    pub applications: Option<i64>,
    /// Notifications that the viewer has not read.
    pub unread: i64,
    /// The viewer's other tenants as `(name, slug)`.
    pub others: Vec<(String, String)>,
    /// Banners of every page, before the page's own.
    pub notices: Vec<FrameNotice>,
}

#[component]
pub fn TenantShell(
    frame: TenantFrame,
    #[prop(into)] title: String,
    /// Key of the entry in the navigation: `applications`.
    #[prop(into)]
    current: String,
    /// Between the tenant and the page: `vec![Crumb::new("Applications", …)]`.
    #[prop(optional)]
    parents: Vec<Crumb>,
    /// The primary action, in the top bar.
    #[prop(optional, into)]
    action: Option<Slot>,
    /// A `Banner` over the content: impersonation, a failed payment.
    #[prop(optional, into)]
    notice: Option<Slot>,
    #[prop(optional)] width: Width,
    children: Children,
) -> impl IntoView {
    let content = children().into_any();
    let home = format!("/t/{}", frame.slug);
    let notices = frame.notices.iter().map(|each| Slot::from(each.clone().view(&frame.slug))).chain(notice).collect();
    let mut nav = tenant_nav(&frame.slug);
    if let Some(count) = frame.applications {
        set_count(&mut nav, "applications", count, false);
    }
    let mut crumbs = vec![Crumb::new(frame.name.clone(), home.clone())];
    crumbs.extend(parents);
    self::frame(Parts {
        admin: false,
        title,
        area: frame.name.clone(),
        head: view! { <Brand href=home.clone() />{switcher(&frame)} }.into_any(),
        nav,
        current,
        elsewhere: frame.viewer.is_admin.then(|| ("Back office", "/admin".to_owned())),
        viewer: frame.viewer,
        parents: crumbs,
        inbox: Some((format!("{home}/inbox"), frame.unread)),
        place: Place::Tenant(frame.slug),
        action,
        notices,
        width,
        content,
    })
}

fn switcher(frame: &TenantFrame) -> impl IntoView + use<> {
    let line = match frame.applications {
        Some(1) => format!("{} · 1 application", frame.role),
        Some(count) => format!("{} · {count} applications", frame.role),
        None => frame.role.clone(),
    };
    let others = frame.others.iter().map(|(name, slug)| view! { <a href=format!("/t/{slug}")>{name.clone()}</a> }).collect_view();
    view! {
        <details class="menu switcher" data-menu="">
            <summary>
                <span class="avatar" aria-hidden="true">{initials(&frame.name)}</span>
                <span><b>{frame.name.clone()}</b><small>{line}</small></span>
                <Icon name="updown" small=true /><span class="vh">"Switch tenant"</span>
            </summary>
            <div class="menu-list">
                <a href=format!("/t/{}", frame.slug) aria-current="true">{frame.name.clone()}" "<Icon name="check" small=true class="end" /></a>
                {others}
                <hr />
                <a href="/tenants/new"><Icon name="plus" small=true />"Create a tenant"</a>
            </div>
        </details>
    }
}
