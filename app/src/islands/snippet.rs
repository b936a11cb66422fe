//! Remembers the language of the examples, and shows it in all of them.

use leptos::{
    prelude::{document, window},
    wasm_bindgen::JsCast,
};
use web_sys::{Event, HtmlInputElement, Storage};

use super::dom;

const KEY: &str = "language";

pub(super) fn listen() {
    if let Some(language) = storage().and_then(|storage| storage.get_item(KEY).ok().flatten()) {
        show(&language);
    }
    dom::on(&document(), "change", |event: Event| {
        let chosen = dom::target(&event).filter(|input| input.matches("[data-snippet] input").unwrap_or(false));
        if let Some(input) = chosen.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) {
            let language = input.value();
            show(&language);
            if let Some(storage) = storage() {
                let _ = storage.set_item(KEY, &language);
            }
        }
    });
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn show(language: &str) {
    for input in dom::all("[data-snippet] input") {
        if let Ok(input) = input.dyn_into::<HtmlInputElement>()
            && input.value() == language
        {
            input.set_checked(true);
        }
    }
}
