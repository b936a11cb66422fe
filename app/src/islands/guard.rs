//! Asks before a page with unsaved changes is left: forms with `data-guard`.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::{document, window};
use web_sys::{BeforeUnloadEvent, Event};

use super::dom;

pub(super) fn listen() {
    if dom::find("form[data-guard]").is_none() {
        return;
    }
    let dirty = Rc::new(Cell::new(false));
    let changed = Rc::clone(&dirty);
    dom::on(&document(), "input", move |event: Event| {
        if dom::target(&event).and_then(|field| field.closest("form[data-guard]").ok().flatten()).is_some() {
            changed.set(true);
        }
    });
    let sent = Rc::clone(&dirty);
    dom::on(&document(), "submit", move |_: Event| sent.set(false));
    dom::on(&window(), "beforeunload", move |event: BeforeUnloadEvent| {
        if dirty.get() {
            event.prevent_default();
        }
    });
}
