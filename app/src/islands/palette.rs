//! The palette: Ctrl or ⌘ K opens its dialog, what is typed there asks the server for options, the
//! arrows choose one, Enter opens it. Without an option Enter sends the field to the search page.

use std::{cell::Cell, rc::Rc};

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{
    Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent, ScrollIntoViewOptions,
    ScrollLogicalPosition, UrlSearchParams, XmlHttpRequest,
};

use super::dom;

/// Rest after a key before the server is asked.
const REST_MS: i32 = 120;

#[derive(Clone)]
struct Palette {
    dialog: HtmlDialogElement,
    field: HtmlInputElement,
    list: Element,
    said: Element,
    /// Of the latest question; answers to earlier ones are let go.
    turn: Rc<Cell<u32>>,
}

pub(super) fn listen() {
    let Some(palette) = find() else { return };
    let opened = palette.clone();
    dom::on(&document(), "keydown", move |event: KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key().eq_ignore_ascii_case("k") && opened.open() {
            event.prevent_default();
        }
    });
    let opened = palette.clone();
    dom::on_click("[data-palette-open]", move |_, event| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) && opened.open() {
            event.prevent_default();
        }
    });
    // The dialog has no space of its own: what is hit there is the backdrop.
    let beside = palette.clone();
    dom::on(&palette.dialog, "click", move |event: MouseEvent| {
        if dom::target(&event).is_some_and(|hit| hit.is_same_node(Some(&beside.dialog))) {
            beside.dialog.close();
        }
    });
    let typed = palette.clone();
    dom::on(&palette.field, "input", move |_: Event| typed.ask_soon());
    let keys = palette.clone();
    dom::on(&palette.field, "keydown", move |event: KeyboardEvent| keys.key(&event));
}

fn find() -> Option<Palette> {
    let dialog = dom::find("dialog[data-palette]")?;
    Some(Palette {
        field: dialog.query_selector("input").ok()??.dyn_into().ok()?,
        list: dialog.query_selector("[role=listbox]").ok()??,
        said: dialog.query_selector("[role=status]").ok()??,
        dialog: dialog.dyn_into().ok()?,
        turn: Rc::default(),
    })
}

fn options() -> Vec<HtmlElement> {
    dom::all("dialog[data-palette] [role=option]").into_iter().filter_map(|option| option.dyn_into().ok()).collect()
}

impl Palette {
    /// False where another dialog waits for an answer.
    fn open(&self) -> bool {
        if self.dialog.open() {
            return true;
        }
        if dom::find("dialog[open]").is_some() || self.dialog.show_modal().is_err() {
            return false;
        }
        self.field.select();
        self.ask();
        true
    }

    fn ask_soon(&self) {
        let (turn, palette) = (self.next_turn(), self.clone());
        dom::later(REST_MS, move || {
            if palette.turn.get() == turn {
                palette.ask();
            }
        });
    }

    fn next_turn(&self) -> u32 {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.turn.get()
    }

    fn ask(&self) {
        let (Some(address), Ok(query), Ok(request)) =
            (self.dialog.get_attribute("data-palette"), UrlSearchParams::new(), XmlHttpRequest::new())
        else {
            return;
        };
        query.append("q", &self.field.value());
        if request.open("GET", &format!("{address}{}", String::from(query.to_string()))).is_err() {
            return;
        }
        let (turn, palette, answered) = (self.next_turn(), self.clone(), request.clone());
        dom::on(&request, "loadend", move |_: Event| {
            if palette.turn.get() == turn {
                let html = answered.response_text().ok().flatten().filter(|_| answered.status() == Ok(200));
                palette.show(html.as_deref());
            }
        });
        let _ = request.send();
    }

    /// Shows the options that the server made and escaped; the first one is chosen.
    fn show(&self, html: Option<&str>) {
        self.list.set_inner_html(html.unwrap_or_default());
        let count = options().len();
        let _ = self.field.set_attribute("aria-expanded", if count > 0 { "true" } else { "false" });
        self.said.set_text_content(Some(&match (html, count) {
            (None, _) => "The search does not answer. Enter opens its page.".to_owned(),
            (_, 0) => "Nothing found".to_owned(),
            (_, 1) => "1 found".to_owned(),
            (_, many) => format!("{many} found"),
        }));
        self.choose(0);
    }

    fn choose(&self, wanted: usize) {
        let _ = self.field.remove_attribute("aria-activedescendant");
        for (index, option) in options().iter().enumerate() {
            let _ = option.set_attribute("aria-selected", if index == wanted { "true" } else { "false" });
            if index == wanted {
                let _ = self.field.set_attribute("aria-activedescendant", &option.id());
                let near = ScrollIntoViewOptions::new();
                near.set_block(ScrollLogicalPosition::Nearest);
                option.scroll_into_view_with_scroll_into_view_options(&near);
            }
        }
    }

    fn key(&self, event: &KeyboardEvent) {
        let count = options().len();
        let last = count.saturating_sub(1);
        let chosen = options().iter().position(|option| option.get_attribute("aria-selected").as_deref() == Some("true"));
        match (event.key().as_str(), chosen) {
            ("ArrowDown", _) => self.choose(chosen.map_or(0, |at| if at == last { 0 } else { at + 1 })),
            ("ArrowUp", _) => self.choose(chosen.map_or(last, |at| if at == 0 { last } else { at - 1 })),
            ("Enter", Some(at)) => {
                if let Some(option) = options().get(at) {
                    option.click();
                }
            }
            _ => return,
        }
        event.prevent_default();
    }
}
