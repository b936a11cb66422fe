//! The back office: denser, its own navigation.

use leptos::prelude::*;

use super::{
    dashboard::{self, Parts, Viewer, Width},
    notice::FrameNotice,
};
use crate::components::{
    brand::Brand,
    breadcrumbs::Crumb,
    nav::{admin_nav, set_count},
    slot::Slot,
};
use crate::search::Place;

/// What every page of the back office knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminFrame {
    pub viewer: Viewer,
    /// Jobs that failed for good, shown in the navigation when there are any.
    pub failed_jobs: i64,
    /// Banners of every page, before the page's own.
    pub notices: Vec<FrameNotice>,
}

#[component]
pub fn AdminShell(
    frame: AdminFrame,
    #[prop(into)] title: String,
    /// Key of the entry in the navigation: `tenants`.
    #[prop(into)]
    current: String,
    /// Between the back office and the page.
    #[prop(optional)]
    parents: Vec<Crumb>,
    /// The primary action, in the top bar.
    #[prop(optional, into)]
    action: Option<Slot>,
    /// A `Banner` over the content.
    #[prop(optional, into)]
    notice: Option<Slot>,
    #[prop(optional)] width: Width,
    children: Children,
) -> impl IntoView {
    let content = children().into_any();
    let mut nav = admin_nav();
    if frame.failed_jobs > 0 {
        set_count(&mut nav, "jobs", frame.failed_jobs, true);
    }
    let notices = frame.notices.into_iter().map(|each| Slot::from(each.view(""))).chain(notice).collect();
    let mut crumbs = vec![Crumb::new("Admin", "/admin")];
    crumbs.extend(parents);
    dashboard::frame(Parts {
        admin: true,
        title,
        area: "Admin".to_owned(),
        head: view! { <Brand href="/admin" admin=true /> }.into_any(),
        nav,
        current,
        elsewhere: Some(("Tenant dashboard", "/dashboard".to_owned())),
        viewer: frame.viewer,
        parents: crumbs,
        inbox: None,
        place: Place::Admin,
        action,
        notices,
        width,
        content,
    })
}
