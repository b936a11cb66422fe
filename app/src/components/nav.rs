//! Grouped navigation of the sidebar. The groups of the tenant dashboard and of the back office
//! are here, so that every page shows the same ones; a new page adds its line.

use leptos::prelude::*;

use super::icon::Icon;

/// One entry. `key` is what a page names as its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavItem {
    pub key: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    pub href: String,
    /// A number beside it, and whether it is a bad one (“3 failed”).
    pub count: Option<(i64, bool)>,
}

/// Entries under a heading; the first group has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavGroup {
    pub label: Option<&'static str>,
    pub items: Vec<NavItem>,
}

fn group(label: Option<&'static str>, base: &str, items: &[(&'static str, &'static str, &'static str, &str)]) -> NavGroup {
    let items =
        items.iter().map(|(key, label, icon, path)| NavItem { key, label, icon, href: format!("{base}{path}"), count: None }).collect();
    NavGroup { label, items }
}

/// Navigation of a tenant's dashboard.
#[must_use]
pub fn tenant_nav(slug: &str) -> Vec<NavGroup> {
    let base = format!("/t/{slug}");
    vec![
        group(None, &base, &[("home", "Home", "home", "")]),
        group(
            Some("Build"),
            &base,
            &[
                ("applications", "Applications", "box", "/applications"),
                ("catalogue", "Catalogue", "grid", "/catalogue"),
                ("usage", "Usage", "chart", "/usage"),
            ],
        ),
        group(Some("Money"), &base, &[("subscriptions", "Subscriptions", "refresh", "/subscriptions")]),
        group(
            Some("Organisation"),
            &base,
            &[
                ("team", "Team", "users", "/team"),
                ("activity", "Activity", "clock", "/activity"),
                ("settings", "Settings", "gear", "/settings"),
            ],
        ),
    ]
}

/// Navigation of the back office.
#[must_use]
pub fn admin_nav() -> Vec<NavGroup> {
    vec![
        group(None, "/admin", &[("overview", "Overview", "home", ""), ("usage", "Usage", "chart", "/usage")]),
        group(
            Some("Customers"),
            "/admin",
            &[
                ("tenants", "Tenants", "home", "/tenants"),
                ("users", "Users", "users", "/users"),
                ("subscriptions", "Subscriptions", "refresh", "/subscriptions"),
                ("applications", "Applications", "box", "/applications"),
            ],
        ),
        group(
            Some("Catalogue"),
            "/admin",
            &[("services", "Services", "server", "/services"), ("products", "Products", "grid", "/products")],
        ),
        group(
            Some("Operations"),
            "/admin",
            &[
                ("gateway", "Gateway", "shield", "/gateway"),
                ("jobs", "Jobs", "play", "/jobs"),
                ("audit", "Audit log", "clock", "/audit"),
                ("mail", "Mail", "mail", "/mail"),
                ("settings", "Settings", "gear", "/settings"),
            ],
        ),
    ]
}

/// Navigation of a person's own pages.
#[must_use]
pub fn account_nav() -> Vec<NavGroup> {
    vec![
        group(None, "", &[("tenants", "Tenants", "home", "/tenants")]),
        group(
            Some("You"),
            "/account",
            &[("profile", "Profile", "pen", ""), ("sessions", "Sessions", "globe", "/sessions"), ("tokens", "Tokens", "key", "/tokens")],
        ),
    ]
}

/// Gives an entry its number.
pub fn set_count(groups: &mut [NavGroup], key: &str, count: i64, bad: bool) {
    for item in groups.iter_mut().flat_map(|group| &mut group.items).filter(|item| item.key == key) {
        item.count = Some((count, bad));
    }
}

#[component]
pub fn Nav(
    groups: Vec<NavGroup>,
    /// Key of the page at hand.
    #[prop(into)]
    current: String,
) -> impl IntoView {
    let groups = groups
        .into_iter()
        .enumerate()
        .map(|(index, group)| {
            let id = group.label.map(|_| format!("nav-{index}"));
            let items = group.items.into_iter().map(|item| entry(item, &current)).collect_view();
            view! {
                <div>
                    {group.label.map(|label| view! { <p class="nav-h" id=id.clone()>{label}</p> })}
                    <ul aria-labelledby=id>{items}</ul>
                </div>
            }
        })
        .collect_view();
    view! { <nav class="nav" aria-label="Main">{groups}</nav> }.into_any()
}

fn entry(item: NavItem, current: &str) -> impl IntoView + use<> {
    let here = (item.key == current).then_some("page");
    let count = item.count.map(|(count, bad)| {
        let class = if bad { "count count-bad" } else { "count" };
        view! { <span class=class>{count}{bad.then(|| view! { <span class="vh">" failed"</span> })}</span> }
    });
    view! { <li><a href=item.href aria-current=here><Icon name=item.icon />{item.label}{count}</a></li> }
}
