//! A link with `data-dialog` opens the dialog of that id instead of the page it leads to.

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::HtmlDialogElement;

use super::dom;

pub(super) fn listen() {
    dom::on_click("[data-dialog]", |link, event| {
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        let dialog = link.get_attribute("data-dialog").and_then(|id| document().get_element_by_id(&id));
        if let Some(dialog) = dialog.and_then(|element| element.dyn_into::<HtmlDialogElement>().ok())
            && dialog.show_modal().is_ok()
        {
            event.prevent_default();
        }
    });
    dom::on_click("dialog [data-close]", |button, _| {
        let dialog = button.closest("dialog").ok().flatten().and_then(|element| element.dyn_into::<HtmlDialogElement>().ok());
        if let Some(dialog) = dialog {
            dialog.close();
        }
    });
}
