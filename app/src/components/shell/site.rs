//! Public pages: header with the catalogue, footer.

use leptos::prelude::*;

use crate::components::{
    brand::Brand,
    flash_message::{FlashBanner, FlashToast},
    theme_choice::ThemeChoice,
    title::PageTitle,
};
use crate::{context::visitor, request::PageRequest};

const LINKS: [(&str, &str); 3] = [("/catalog", "Catalogue"), ("/docs/api", "API reference"), ("/status", "Status")];

#[component]
pub fn SiteShell(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let content = children();
    let account = if visitor().is_some() {
        view! { <a class="btn" href="/dashboard">"Dashboard"</a> }.into_any()
    } else {
        view! {
            <a class="btn btn-quiet" href="/login">"Log in"</a>
            <a class="btn" href="/register">"Create account"</a>
        }
        .into_any()
    };
    view! {
        <PageTitle title=title />
        <a class="skip" href="#main">"Skip to content"</a>
        <header class="site-h"><Brand />{navigation()}{account}</header>
        <main class="site cq" id="main" tabindex="-1"><FlashBanner />{content}</main>
        <footer class="site-f">
            {footnotes()}
            <details class="menu menu-up menu-end" data-menu="">
                <summary>"Theme"</summary>
                <div class="menu-list"><ThemeChoice /></div>
            </details>
        </footer>
        <FlashToast />
    }
    .into_any()
}

/// The shell of a page that stands for a request of which nothing is known: without account, flash
/// and whatever needs a script.
#[component]
pub fn PlainShell(children: Children) -> impl IntoView {
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <header class="site-h"><Brand />{navigation()}</header>
        <main class="site cq" id="main" tabindex="-1">{children()}</main>
        <footer class="site-f">{footnotes()}</footer>
    }
    .into_any()
}

fn navigation() -> impl IntoView {
    let path = PageRequest::current().path;
    let links = LINKS
        .map(|(href, label)| {
            let here = path.starts_with(href).then_some("page");
            view! { <li><a href=href aria-current=here>{label}</a></li> }
        })
        .collect_view();
    view! { <nav aria-label="Main"><ul>{links}</ul></nav> }
}

fn footnotes() -> impl IntoView {
    view! {
        <span>"Mintreu Platform"</span>
        <a href="/catalog">"Catalogue"</a>
        <a href="/docs/api">"API reference"</a>
        <a href="/docs/errors">"Errors"</a>
        <a href="/status">"Status"</a>
    }
}
