//! What all charts share: scale, axis, grid, labels under it, the table behind it.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::{Format, Series};
use crate::components::{
    icon::Icon,
    svg::{escape, float, short},
};

/// Height of the drawing area in pixels; labels take 28 more.
pub(super) const HEIGHT: f64 = 240.0;
pub(super) const FULL: f64 = HEIGHT + 28.0;

/// A round scale from zero: the top, and the steps to it.
pub(super) fn scale(top: f64) -> (f64, Vec<f64>) {
    if !(top.is_finite() && top > 0.0) {
        return (1.0, vec![0.0, 1.0]);
    }
    let rough = top / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(rough);
    let steps = (top / step).ceil().max(1.0);
    let mut ticks = vec![0.0];
    let mut tick = step;
    while tick <= steps * step + step / 2.0 {
        ticks.push(tick);
        tick += step;
    }
    (steps * step, ticks)
}

/// Pixels from the top for a value.
pub(super) fn y(value: f64, top: f64) -> f64 {
    HEIGHT - value / top * HEIGHT
}

/// Texts of the axis on the left, and its lines.
pub(super) fn axis(ticks: &[f64], top: f64, format: Format) -> (String, String) {
    let mut texts = String::new();
    let mut lines = String::new();
    for tick in ticks {
        let at = short(y(*tick, top));
        let class = if *tick == 0.0 { "zero-line" } else { "grid-line" };
        // Writing to a string cannot fail.
        let _ = write!(texts, r#"<text x="0" y="{}">{}</text>"#, short(y(*tick, top) + 4.0), escape(&format(*tick)));
        let _ = write!(lines, r#"<line class="{class}" x1="0" x2="100%" y1="{at}" y2="{at}"/>"#);
    }
    (texts, lines)
}

/// Labels under the chart: about eight, every second one left out where it is narrow. `at` gives
/// the place of a label in percent.
pub(super) fn labels(labels: &[String], at: impl Fn(usize) -> f64) -> String {
    let every = labels.len().div_ceil(8).max(1);
    let mut out = String::new();
    for (turn, (index, label)) in labels.iter().enumerate().step_by(every).enumerate() {
        let x = at(index);
        // The first reaches under the axis: it would meet the next one on a narrow screen.
        let anchor = if x > 96.0 { "end" } else { "middle" };
        let class = if turn % 2 == 1 { r#" class="alt""# } else { "" };
        let _ = write!(out, r#"<text{class} x="{}%" y="{}" text-anchor="{anchor}">{}</text>"#, short(x), HEIGHT + 20.0, escape(label));
    }
    out
}

/// A dotted line with a word for the one odd point.
pub(super) fn note(at: f64, text: &str) -> String {
    let (anchor, dx) = if at > 60.0 { ("end", -6) } else { ("start", 6) };
    let x = short(at);
    // A long word would cover the axis where the chart is narrow.
    let class = if text.chars().count() > 14 { "note alt" } else { "note" };
    format!(
        r#"<line class="mark-line" x1="{x}%" x2="{x}%" y1="4" y2="{HEIGHT}"/><text class="{class}" x="{x}%" y="14" dx="{dx}" text-anchor="{anchor}">{}</text>"#,
        escape(text)
    )
}

/// Place of the middle of a bar in percent.
pub(super) fn middle(index: usize, count: usize) -> f64 {
    (float(index) + 0.5) * 100.0 / float(count.max(1))
}

/// The table behind a chart, newest first.
pub(super) fn as_table(caption: &str, first: &str, labels: &[String], series: &[Series], format: Format) -> AnyView {
    let head = series.iter().map(|one| view! { <th scope="col" class="num">{one.label.clone()}</th> }).collect_view();
    let rows = labels
        .iter()
        .enumerate()
        .rev()
        .map(|(index, label)| {
            let cells = series.iter().map(|one| view! { <td class="num">{format(one.value(index))}</td> }).collect_view();
            view! { <tr><th scope="row">{label.clone()}</th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <details class="as-table">
            <summary><Icon name="right" small=true />"View as table"</summary>
            <div tabindex="0" role="region" aria-label=format!("{caption}, as a table")>
                <table>
                    <caption>{caption.to_owned()}</caption>
                    <thead><tr><th scope="col">{first.to_owned()}</th>{head}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_covers_the_values() {
        assert_eq!(scale(31_000.0), (40_000.0, vec![0.0, 10_000.0, 20_000.0, 30_000.0, 40_000.0]));
        assert_eq!(scale(0.0), (1.0, vec![0.0, 1.0]));
        assert!(scale(7.0).0 >= 7.0);
    }
}
