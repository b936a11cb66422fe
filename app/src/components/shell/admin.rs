//! The back office: denser, its own navigation.

use leptos::prelude::*;

use super::dashboard::{Parts, Viewer, Width, frame};
use crate::components::{
    brand::Brand,
    breadcrumbs::Crumb,
    nav::{admin_nav, set_count},
    slot::Slot,
};

#[component]
pub fn AdminShell(
    viewer: Viewer,
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
    /// Jobs that failed for good, shown in the navigation when there are any.
    #[prop(optional)]
    failed_jobs: i64,
    children: Children,
) -> impl IntoView {
    let content = children().into_any();
    let mut nav = admin_nav();
    if failed_jobs > 0 {
        set_count(&mut nav, "jobs", failed_jobs, true);
    }
    let mut crumbs = vec![Crumb::new("Admin", "/admin")];
    crumbs.extend(parents);
    frame(Parts {
        admin: true,
        title,
        place: "Admin".to_owned(),
        head: view! { <Brand href="/admin" admin=true /> }.into_any(),
        nav,
        current,
        elsewhere: Some(("Tenant dashboard", "/dashboard".to_owned())),
        viewer,
        parents: crumbs,
        search: Some("/admin/search".to_owned()),
        action,
        notices: notice.into_iter().collect(),
        width,
        content,
    })
}
