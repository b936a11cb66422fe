//! Icons: strokes on one 24-unit grid, from the sprite `public/icons.svg`. To add one, add a
//! `<symbol>` there and use its id.

use leptos::prelude::*;

use crate::assets::ICONS_VERSION;

/// Markup of an icon, for components that write SVG or HTML as text.
#[must_use]
pub fn icon_use(name: &str) -> String {
    format!("<use href=\"/icons.svg?v={ICONS_VERSION:08x}#{name}\"/>")
}

/// A decorative icon; say what it means in text beside it, visible or `.vh`.
#[component]
pub fn Icon(
    /// Id of the symbol: `key`, `box`, `alert`.
    #[prop(into)]
    name: String,
    /// 16 instead of 18 pixels.
    #[prop(optional)]
    small: bool,
    /// More classes, `end` to push it to the end of its row.
    #[prop(optional, into)]
    class: String,
) -> impl IntoView {
    let class = format!("i{}{}{class}", if small { " i-s" } else { "" }, if class.is_empty() { "" } else { " " });
    view! { <svg class=class aria-hidden="true" inner_html=icon_use(&name)></svg> }.into_any()
}
