//! What the two dashboards share: sidebar, top bar, content. Used through `TenantShell` and
//! `AdminShell`. Under 960 px the sidebar is a drawer, a `<details>` that needs no script.

use leptos::prelude::*;

use crate::components::{
    breadcrumbs::{Breadcrumbs, Crumb},
    button::PostButton,
    flash_message::{FlashBanner, FlashToast},
    icon::Icon,
    nav::{Nav, NavGroup},
    palette::Palette,
    slot::Slot,
    theme_choice::ThemeChoice,
    title::PageTitle,
};
use crate::search::Place;

/// Who looks at the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    pub name: String,
    pub email: String,
    /// Offers the back office in the account menu.
    pub is_admin: bool,
}

/// How wide the content is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Width {
    /// 1280 px.
    #[default]
    Wide,
    /// 640 px, for forms.
    Form,
    /// 832 px, for documents.
    Document,
}

/// Two letters for an avatar: “Fjordline Goods” → `FG`.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or("?");
    let letters: String = match words.next_back() {
        Some(last) => first.chars().take(1).chain(last.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    letters.to_uppercase()
}

/// The parts of a dashboard that its pages fill.
pub(super) struct Parts {
    pub admin: bool,
    pub title: String,
    /// After the title of the document: the tenant, or “Admin”.
    pub area: String,
    pub head: AnyView,
    pub nav: Vec<NavGroup>,
    pub current: String,
    pub viewer: Viewer,
    /// The other dashboard, in the account menu.
    pub elsewhere: Option<(&'static str, String)>,
    pub parents: Vec<Crumb>,
    /// What the search begins with.
    pub place: Place,
    /// Address of the inbox, and how much in it is unread.
    pub inbox: Option<(String, i64)>,
    pub action: Option<Slot>,
    pub notices: Vec<Slot>,
    pub width: Width,
    pub content: AnyView,
}

pub(super) fn frame(parts: Parts) -> AnyView {
    let wrap = match parts.width {
        Width::Wide => "wrap",
        Width::Form => "wrap form",
        Width::Document => "wrap doc",
    };
    let shell = if parts.admin { "shell admin" } else { "shell" };
    view! {
        <PageTitle title=format!("{} · {}", parts.title, parts.area) />
        <a class="skip" href="#main">"Skip to content"</a>
        <div class=shell>
            <details class="drawer" data-menu="">
                <summary>
                    <Icon name="menu" class="i-open" /><Icon name="x" class="i-close" />
                    <span class="vh">"Navigation"</span>
                </summary>
            </details>
            <aside class="sidebar" aria-label="Sidebar">
                {parts.head}
                <Nav groups=parts.nav current=parts.current />
                {account_menu(parts.viewer, parts.elsewhere)}
            </aside>
            <header class="topbar">
                <Breadcrumbs parents=parts.parents current=parts.title />
                {find(parts.place.page())}
                {parts.inbox.map(|(href, unread)| bell(href, unread))}
                {parts.action.map(Slot::view)}
            </header>
            {(!parts.notices.is_empty()).then(|| view! { <div class="notice" role="region" aria-label="Notices">{parts.notices.into_iter().map(Slot::view).collect_view()}</div> })}
            <main class="main" id="main" tabindex="-1">
                <div class=wrap><FlashBanner />{parts.content}</div>
            </main>
        </div>
        <FlashToast />
        <Palette place=parts.place />
    }
    .into_any()
}

fn find(action: String) -> impl IntoView {
    view! {
        <form class="find" role="search" action=action.clone()>
            <Icon name="search" small=true />
            <input class="input" type="search" name="q" aria-label="Search" placeholder="Search" />
            <kbd class="needs-script" aria-hidden="true">"Ctrl K"</kbd>
        </form>
        <a class="btn btn-quiet btn-icon find-link" href=action data-palette-open=""><Icon name="search" /><span class="vh">"Search"</span></a>
    }
}

fn bell(href: String, unread: i64) -> impl IntoView {
    let (text, dot) = match unread {
        0 => ("Inbox".to_owned(), None),
        many => (
            format!("Inbox, {many} unread"),
            Some(view! { <span class="badge-n" aria-hidden="true">{if many > 99 { "99+".to_owned() } else { many.to_string() }}</span> }),
        ),
    };
    view! { <a class="btn btn-quiet btn-icon inbox" href=href><Icon name="bell" />{dot}<span class="vh">{text}</span></a> }
}

fn account_menu(viewer: Viewer, elsewhere: Option<(&'static str, String)>) -> impl IntoView {
    view! {
        <details class="menu menu-up account" data-menu="">
            <summary>
                <span class="avatar avatar-round" aria-hidden="true">{initials(&viewer.name)}</span>
                <span><b>{viewer.name}</b><small>{viewer.email}</small></span>
                <Icon name="updown" small=true /><span class="vh">"Account menu"</span>
            </summary>
            <div class="menu-list">
                <a href="/account">"Profile and security"</a>
                {elsewhere.map(|(label, href)| view! { <a href=href>{label}</a> })}
                <hr />
                <ThemeChoice />
                <hr />
                <PostButton action="/_fn/account/log_out" label="Log out" />
            </div>
        </details>
    }
}
