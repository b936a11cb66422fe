//! The little that behaviours need of the document. Absence is never an error: a page without an
//! element simply lacks the behaviour.

use leptos::{
    prelude::{document, window},
    wasm_bindgen::{JsCast, closure::Closure},
};
use web_sys::{Element, Event, EventTarget, HtmlElement};

/// Listens on the target for as long as the page lives.
pub(super) fn on<E: JsCast + 'static>(target: &EventTarget, event: &str, mut handle: impl FnMut(E) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| handle(event.unchecked_into()));
    // Fails only for a null target.
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Listens for clicks on elements that match the selector, now and later.
pub(super) fn on_click(selector: &'static str, mut handle: impl FnMut(&Element, &web_sys::MouseEvent) + 'static) {
    on(&document(), "click", move |event: web_sys::MouseEvent| {
        if let Some(element) = target(&event).and_then(|element| element.closest(selector).ok().flatten()) {
            handle(&element, &event);
        }
    });
}

/// The element that an event came from.
pub(super) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// First element that matches.
pub(super) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// All elements that match.
pub(super) fn all(selector: &str) -> Vec<Element> {
    let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// Runs once after this many milliseconds.
pub(super) fn later(delay_ms: i32, run: impl FnOnce() + 'static) {
    let closure = Closure::once_into_js(run);
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(closure.unchecked_ref(), delay_ms);
}

/// Moves the focus to the error summary, for browsers that do not follow `autofocus` there.
pub(super) fn focus_marked() {
    if let Some(element) = find("[data-focus]").and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
