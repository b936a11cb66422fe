//! The theme changes at once and is kept in the cookie that the server reads.

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{Event, HtmlDocument, HtmlInputElement};

use super::dom;

pub(super) fn listen() {
    dom::on(&document(), "change", |event: Event| {
        let chosen = dom::target(&event).filter(|input| input.matches("[data-theme-choice] input").unwrap_or(false));
        if let Some(input) = chosen.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) {
            choose(&input.value());
        }
    });
}

fn choose(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = if theme == "system" { root.remove_attribute("data-theme") } else { root.set_attribute("data-theme", theme) };
    }
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        let _ = document.set_cookie(&format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax"));
    }
}
