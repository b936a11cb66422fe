//! The palette: a dialog with a field over everything that one may go to, opened by Ctrl or ⌘ K where
//! scripts run. It is a combobox as the ARIA patterns have it: the field keeps the focus and names
//! the option that Enter opens. The server makes the options (`palette_html`), so that it decides
//! what may be seen; the search page is the same for all others.

use leptos::prelude::*;

use super::icon::Icon;
use crate::search::{Group, Place};

#[component]
pub fn Palette(place: Place) -> impl IntoView {
    view! {
        <dialog class="palette" aria-label="Search" data-palette=place.options()>
            <form class="find" method="get" action=place.page()>
                <Icon name="search" small=true />
                <input class="input" type="text" name="q" role="combobox" aria-label="Pages, records and actions" aria-expanded="false"
                    aria-controls="palette-found" aria-autocomplete="list" autocomplete="off" spellcheck="false" maxlength="100"
                    placeholder="Go to a page, a record or an action" />
                <kbd aria-hidden="true">"Esc"</kbd>
            </form>
            <div class="palette-found" id="palette-found" role="listbox" aria-label="Found"></div>
            <p class="palette-f"><span role="status"></span><span aria-hidden="true">"↑ ↓ to choose, Enter to open"</span></p>
        </dialog>
    }
    .into_any()
}

/// The options for a palette, as the content of its list.
#[must_use]
pub fn palette_html(groups: Vec<Group>) -> String {
    Owner::new().with(|| view! { <Options groups=groups /> }.to_html())
}

#[component]
fn Options(groups: Vec<Group>) -> impl IntoView {
    let mut number = 0;
    groups
        .into_iter()
        .enumerate()
        .map(|(index, group)| {
            let heading = format!("palette-g{index}");
            let id = heading.clone();
            let options = group
                .hits
                .into_iter()
                .map(|hit| {
                    number += 1;
                    let detail = (!hit.detail.is_empty()).then(|| view! { <small>{hit.detail}</small> });
                    view! {
                        <a role="option" id=format!("palette-{number}") aria-selected="false" tabindex="-1" href=hit.href>
                            <Icon name=hit.icon small=true /><span>{hit.name}</span>{detail}
                        </a>
                    }
                })
                .collect_view();
            view! {
                <div role="group" aria-labelledby=heading>
                    <p id=id role="presentation">{group.title}</p>
                    {options}
                </div>
            }
        })
        .collect_view()
}
