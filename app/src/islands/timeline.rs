//! A timeline with `data-live` follows its stream: each message is the new content, made and
//! escaped by our own server; the event `done` loads the page anew, for it has more to show then,
//! unless the page shows a secret that it could not show again (`data-stay`).

use leptos::{prelude::window, wasm_bindgen::JsValue};
use web_sys::{EventSource, MessageEvent};

use super::dom;

pub(super) fn follow() {
    for list in dom::all("[data-live]") {
        let Some(source) = list.get_attribute("data-live").and_then(|url| EventSource::new(&url).ok()) else {
            continue;
        };
        let stays = list.has_attribute("data-stay");
        dom::on(&source, "message", move |event: MessageEvent| {
            if let Some(html) = JsValue::as_string(&event.data()) {
                list.set_inner_html(&html);
            }
        });
        let open = source.clone();
        dom::on(&source, "done", move |_: MessageEvent| {
            open.close();
            if !stays {
                let _ = window().location().reload();
            }
        });
    }
}
