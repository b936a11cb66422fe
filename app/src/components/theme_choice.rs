//! System, light or dark. A form that posts to `/theme`; where scripts run the choice holds at
//! once, without leaving the page.

use leptos::prelude::*;

use crate::request::{PageRequest, Theme};

#[component]
pub fn ThemeChoice() -> impl IntoView {
    let request = PageRequest::current();
    let options = [Theme::System, Theme::Light, Theme::Dark]
        .map(|theme| {
            let label = super::badge::humanise(theme.as_str());
            let chosen = theme == request.theme;
            view! { <label><input type="radio" name="theme" value=theme.as_str() checked=chosen />{label}</label> }
        })
        .collect_view();
    view! {
        <form method="post" action="/theme" data-theme-choice="">
            <input type="hidden" name="next" value=request.target() />
            <fieldset class="theme"><legend>"Theme"</legend>{options}</fieldset>
            <button class="without-script">"Apply theme"</button>
        </form>
    }
    .into_any()
}
