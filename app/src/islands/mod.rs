//! What runs in the browser. One island carries all behaviours: it renders nothing and listens on
//! the document, so that a table of a hundred rows costs no more than an empty page and nothing is
//! hydrated twice. Behaviours find their elements by `data-` attributes that the components write,
//! and every one of them only adds to a page that works without it.
//!
//! To add one: a file here with a function, and its line in `start`.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
mod clipboard;
#[cfg(feature = "hydrate")]
mod crosshair;
#[cfg(feature = "hydrate")]
mod dialog;
#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "hydrate")]
mod guard;
#[cfg(feature = "hydrate")]
mod keyboard;
#[cfg(feature = "hydrate")]
mod palette;
#[cfg(feature = "hydrate")]
mod snippet;
#[cfg(feature = "hydrate")]
mod theme;
#[cfg(feature = "hydrate")]
mod timeline;
#[cfg(feature = "hydrate")]
mod toast;

/// All behaviours of a page; stands once at the end of the document.
#[island]
pub fn Behaviours() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    start();
}

#[cfg(feature = "hydrate")]
fn start() {
    clipboard::listen();
    crosshair::listen();
    dialog::listen();
    guard::listen();
    keyboard::listen();
    palette::listen();
    snippet::listen();
    theme::listen();
    timeline::follow();
    toast::listen();
    dom::focus_marked();
}
