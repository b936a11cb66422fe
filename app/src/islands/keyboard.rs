//! Escape closes the drawer and open menus, a click beside a menu closes it.

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

use super::dom;

pub(super) fn listen() {
    dom::on(&document(), "keydown", |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close(&dom::all("details[data-menu][open]"));
        }
    });
    dom::on(&document(), "click", |event: MouseEvent| {
        let clicked = dom::target(&event);
        let beside = dom::all("details[data-menu][open]:not(.drawer)")
            .into_iter()
            .filter(|menu| !menu.contains(clicked.as_deref()))
            .collect::<Vec<_>>();
        for menu in beside {
            let _ = menu.remove_attribute("open");
        }
    });
}

/// Closes menus and returns the focus to the button of the innermost that held it.
fn close(menus: &[Element]) {
    let focused = document().active_element();
    for menu in menus {
        let held = menu.contains(focused.as_deref()) || menu.class_list().contains("drawer");
        let _ = menu.remove_attribute("open");
        let summary = menu.query_selector("summary").ok().flatten().and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
        if let (true, Some(summary)) = (held, summary) {
            let _ = summary.focus();
        }
    }
}
