//! A chart shows its values at the place of the pointer, or of the arrow keys once it has the focus.
//! The values are those of the table behind the chart, so that nothing is sent twice.

use std::{cell::Cell, rc::Rc};

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{Element, Event, FocusEvent, HtmlElement, KeyboardEvent, PointerEvent};

use super::dom;

#[derive(Clone)]
struct Chart {
    name: String,
    canvas: HtmlElement,
    line: HtmlElement,
    tip: HtmlElement,
    /// Headings of the table, and its rows from the oldest.
    headings: Rc<[String]>,
    rows: Rc<[Vec<String>]>,
    /// Whether points are the middles of bars, not the ends of equal steps.
    bars: bool,
    at: Rc<Cell<Option<usize>>>,
}

pub(super) fn listen() {
    for chart in dom::all("figure.chart").iter().filter_map(read) {
        // The browser's own hints would stand beside ours.
        for title in within(&chart.canvas, "title") {
            title.remove();
        }
        let name = format!("{}: values, by the arrow keys", chart.name);
        for (attribute, value) in [("tabindex", "0"), ("role", "group"), ("aria-label", &name)] {
            let _ = chart.canvas.set_attribute(attribute, value);
        }
        let over = chart.clone();
        dom::on(&chart.canvas, "pointermove", move |event: PointerEvent| over.point(f64::from(event.client_x())));
        let hit = chart.clone();
        dom::on(&chart.canvas, "pointerdown", move |event: PointerEvent| hit.point(f64::from(event.client_x())));
        let left = chart.clone();
        dom::on(&chart.canvas, "pointerleave", move |_: Event| left.hide());
        let focused = chart.clone();
        dom::on(&chart.canvas, "focus", move |_: FocusEvent| {
            // A pointer shows its own place.
            if focused.canvas.matches(":focus-visible").unwrap_or(false) {
                focused.show(focused.rows.len() - 1);
            }
        });
        let blurred = chart.clone();
        dom::on(&chart.canvas, "blur", move |_: Event| blurred.hide());
        let keys = chart.clone();
        dom::on(&chart.canvas, "keydown", move |event: KeyboardEvent| keys.key(&event));
    }
}

fn within(element: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = element.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

fn read(figure: &Element) -> Option<Chart> {
    let canvas: HtmlElement = figure.query_selector("[data-plot]").ok()??.dyn_into().ok()?;
    let texts = |row: &Element| within(row, "th, td").iter().map(|cell| cell.text_content().unwrap_or_default()).collect::<Vec<_>>();
    let headings = texts(&figure.query_selector("thead tr").ok()??);
    let rows: Vec<Vec<String>> = within(figure, "tbody tr").iter().rev().map(texts).collect();
    if rows.is_empty() {
        return None;
    }
    let part = |class: &str| -> Option<HtmlElement> {
        let part: HtmlElement = document().create_element("div").ok()?.dyn_into().ok()?;
        part.set_class_name(class);
        canvas.append_child(&part).ok()?;
        Some(part)
    };
    let (line, tip) = (part("cross")?, part("tip")?);
    let _ = tip.set_attribute("role", "status");
    line.set_hidden(true);
    Some(Chart {
        name: figure.get_attribute("aria-label").unwrap_or_default(),
        bars: canvas.get_attribute("data-plot").as_deref() == Some("bars"),
        canvas,
        line,
        tip,
        headings: headings.into(),
        rows: rows.into(),
        at: Rc::default(),
    })
}

impl Chart {
    /// Shows the point nearest to this place of the window.
    fn point(&self, x: f64) {
        let place = self.canvas.get_bounding_client_rect();
        let share = ((x - place.left()) / place.width().max(1.0)).clamp(0.0, 1.0);
        let count = self.rows.len();
        let last = count - 1;
        let nearest = (0..count).min_by(|one, other| {
            let far = |index: usize| (self.share(index) - share).abs();
            far(*one).total_cmp(&far(*other))
        });
        self.show(nearest.unwrap_or(last));
    }

    /// Where a point is, from 0 to 1.
    fn share(&self, index: usize) -> f64 {
        let float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        if self.bars { (float(index) + 0.5) / float(self.rows.len()) } else { float(index) / float((self.rows.len() - 1).max(1)) }
    }

    fn show(&self, index: usize) {
        if self.at.replace(Some(index)) == Some(index) {
            return;
        }
        let Some((label, values)) = self.rows.get(index).and_then(|row| row.split_first()) else { return };
        let share = self.share(index);
        let left = format!("{:.2}%", share * 100.0);
        let _ = self.line.style().set_property("inset-inline-start", &left);
        self.line.set_hidden(false);
        // Towards the middle, so that it never leaves the chart.
        let (side, other, inset) = if share > 0.5 {
            ("inset-inline-end", "inset-inline-start", format!("{:.2}%", (1.0 - share) * 100.0))
        } else {
            ("inset-inline-start", "inset-inline-end", left)
        };
        let _ = self.tip.style().set_property(side, &inset);
        let _ = self.tip.style().remove_property(other);
        self.tip.set_text_content(None);
        self.line_of("b", label);
        for (heading, value) in self.headings.iter().skip(1).zip(values) {
            self.line_of("span", &format!("{heading}: {value}"));
        }
    }

    fn line_of(&self, tag: &str, text: &str) {
        if let Ok(line) = document().create_element(tag) {
            line.set_text_content(Some(text));
            let _ = self.tip.append_child(&line);
        }
    }

    fn hide(&self) {
        self.at.set(None);
        self.line.set_hidden(true);
        self.tip.set_text_content(None);
    }

    fn key(&self, event: &KeyboardEvent) {
        let last = self.rows.len() - 1;
        let at = self.at.get().unwrap_or(last);
        match event.key().as_str() {
            "ArrowLeft" => self.show(at.saturating_sub(1)),
            "ArrowRight" => self.show((at + 1).min(last)),
            "Home" => self.show(0),
            "End" => self.show(last),
            "Escape" => self.hide(),
            _ => return,
        }
        event.prevent_default();
    }
}
