//! A toast goes when it is dismissed, or by itself after eight seconds unless it is being read.

use web_sys::Element;

use super::dom;

const STAYS_MS: i32 = 8000;

pub(super) fn listen() {
    dom::on_click("[data-dismiss]", |button, _| {
        if let Some(toast) = button.closest("[data-toast]").ok().flatten() {
            toast.remove();
        }
    });
    for toast in dom::all("[data-toast]") {
        leave(toast);
    }
}

fn leave(toast: Element) {
    dom::later(STAYS_MS, move || {
        if toast.matches(":hover, :focus-within").unwrap_or(false) {
            leave(toast);
        } else {
            toast.remove();
        }
    });
}
