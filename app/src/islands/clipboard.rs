//! Copy buttons: `data-copy` holds the text, `data-copy-code` takes the example that is visible.

use leptos::{prelude::window, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

use super::dom;

pub(super) fn listen() {
    dom::on_click("[data-copy]", |button, _| {
        if let Some(text) = button.get_attribute("data-copy") {
            copy(button, &text);
        }
    });
    dom::on_click("[data-copy-code]", |button, _| {
        if let Some(text) = button.closest("[data-snippet]").ok().flatten().and_then(|snippet| visible(&snippet)) {
            copy(button, &text);
        }
    });
}

/// Text of the example that is shown: the one with a size.
fn visible(snippet: &Element) -> Option<String> {
    let codes = snippet.query_selector_all("pre").ok()?;
    (0..codes.length())
        .filter_map(|index| codes.item(index)?.dyn_into::<HtmlElement>().ok())
        .find(|code| code.offset_height() > 0)
        .and_then(|code| code.text_content())
}

fn copy(button: &Element, text: &str) {
    // The promise is left alone: a refusal leaves the text to be selected by hand.
    let _ = window().navigator().clipboard().write_text(text);
    let label = button.query_selector("[data-copy-label]").ok().flatten();
    let _ = button.set_attribute("data-copied", "");
    if let Some(label) = &label {
        label.set_text_content(Some("Copied"));
    }
    let button = button.clone();
    dom::later(1600, move || {
        let _ = button.remove_attribute("data-copied");
        if let Some(label) = &label {
            label.set_text_content(Some("Copy"));
        }
    });
}
