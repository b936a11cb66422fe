//! The HTML document around every page: head, theme, style sheet, the loader of the islands.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};

use mintreu_model::problem::Problem;

use crate::{
    assets::Assets,
    components::{error_page::problem_state, shell::site::PlainShell},
    islands::Behaviours,
    request::PageRequest,
    routes::Pages,
};

/// Wakes each island that the page holds. Kept to this one inline script so that nothing else
/// needs the nonce.
const LOADER: &str = "import(JS).then(async m=>{await m.default({module_or_path:WASM});m.hydrate();\
for(const e of document.querySelectorAll('leptos-island'))m[e.dataset.component]?.(e)})";

/// Links on the same host are fetched when a person is about to follow them. Downloads and
/// streams are left alone.
const SPECULATION: &str = r#"{"prefetch":[{"where":{"and":[{"href_matches":"/*"},{"not":{"href_matches":"/*\\?*format=*"}},{"not":{"selector_matches":"[download],[data-no-prefetch]"}}]},"eagerness":"moderate"}]}"#;

/// The whole document. `Assets` and `PageRequest` come from the context.
pub fn document() -> impl IntoView {
    provide_meta_context();
    let assets = use_context::<Assets>().unwrap_or_else(|| Assets::read(std::path::Path::new("")));
    let request = PageRequest::current();
    let loader = LOADER.replace("JS", &format!("{:?}", assets.js)).replace("WASM", &format!("{:?}", assets.wasm));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=request.theme.attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href=assets.css />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="modulepreload" href=assets.js />
                <link rel="preload" href=assets.wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module" nonce=use_nonce() inner_html=loader></script>
                <script type="speculationrules" nonce=use_nonce() inner_html=SPECULATION></script>
                <MetaTags />
            </head>
            <body>
                <Pages />
                <Behaviours />
            </body>
        </html>
    }
}

/// A whole document for a problem without a page to show it on: a form that is too large, a panic,
/// a database that does not answer. It has no script, for nothing is known about the request but
/// its address and theme.
#[must_use]
pub fn problem_document(problem: &Problem, assets: &Assets, request: &PageRequest) -> String {
    let (problem, css, theme) = (problem.clone(), assets.css.clone(), request.theme.attribute());
    let page = Owner::new().with(|| {
        provide_context(request.clone());
        let title = format!("{} · Mintreu", problem.title);
        view! {
            <html lang="en" data-theme=theme>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{title}</title>
                    <link rel="stylesheet" href=css />
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                </head>
                <body>
                    <PlainShell>{problem_state(problem)}</PlainShell>
                </body>
            </html>
        }
        .to_html()
    });
    format!("<!DOCTYPE html>{page}")
}
