//! Lines told apart by dash and by a label at their end: percentiles over time.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::{
    Format, Series, count,
    frame::{FULL, HEIGHT, as_table, axis, labels as under, note as mark, scale, y},
};
use crate::components::svg::{escape, float, path, short};

#[component]
pub fn Lines(
    /// Caption of the table, and name of the chart: “Latency per day”.
    #[prop(into)]
    caption: String,
    /// What it shows, in a sentence, for those who do not see it.
    #[prop(into)]
    summary: String,
    /// One label for each point: “19 Nov”.
    labels: Vec<String>,
    /// At most three: solid, dashed, dotted, in this order.
    series: Vec<Series>,
    /// What a point is: “Day”.
    #[prop(optional, into, default = "Day".into())]
    unit: String,
    #[prop(optional, default = count)] format: Format,
    /// A point with a word to it.
    #[prop(optional)]
    note: Option<(usize, String)>,
    /// Under the chart: period and time zone.
    #[prop(optional, into)]
    foot: Option<String>,
) -> impl IntoView {
    let points = labels.len();
    let step = 100.0 / float(points.saturating_sub(1).max(1));
    let top = series.iter().flat_map(|one| one.values.iter().copied()).filter(|value| value.is_finite()).fold(0.0, f64::max);
    let (top, ticks) = scale(top);
    let (texts, mut drawing) = axis(&ticks, top, format);
    if let Some((index, text)) = &note {
        drawing.push_str(&mark(float(*index) * step, text));
    }
    let mut strokes = String::new();
    let mut ends = String::new();
    let mut last_end = f64::MAX;
    for (turn, one) in series.iter().take(3).enumerate() {
        let style = turn + 1;
        let course: Vec<(f64, f64)> = (0..points).map(|index| (float(index) * step, y(one.value(index), top))).collect();
        // Writing to a string cannot fail.
        let _ = write!(strokes, r#"<path class="l{style}" d="{}"/>"#, path(&course));
        if let Some((x, at)) = course.last() {
            let _ = write!(strokes, r#"<path class="l{style} dot" d="M{} {}h0"/>"#, short(*x), short(*at));
            // Labels that would overlap are pushed up.
            last_end = (at + 4.0).min(last_end - 14.0);
            let _ = write!(ends, r#"<text x="8" y="{}">{}</text>"#, short(last_end), escape(&one.label));
        }
    }
    let _ = write!(
        drawing,
        r#"<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" overflow="visible">{strokes}</svg>"#
    );
    drawing.push_str(&under(&labels, |index| float(index) * step));
    let key = series
        .iter()
        .take(3)
        .enumerate()
        .map(|(turn, one)| {
            let swatch = format!(r#"<path class="ln l{}" d="M0 5h16"/>"#, turn + 1);
            let total = one.total.clone().map(|total| view! { " "<b>{total}</b> });
            view! { <li><svg aria-hidden="true" inner_html=swatch></svg>{one.label.clone()}{total}</li> }
        })
        .collect_view();
    let table = as_table(&caption, &unit, &labels, &series, format);
    view! {
        <figure class="chart" aria-label=caption>
            <div class="plot">
                <svg class="axis axis-wide" height=FULL aria-hidden="true" inner_html=texts></svg>
                <div class="canvas" data-plot="lines"><svg height=FULL role="img" aria-label=summary inner_html=drawing></svg></div>
                <svg class="ends" height=FULL aria-hidden="true" inner_html=ends></svg>
            </div>
            <ul class="key">{key}</ul>
            <div class="chart-f">
                <figcaption class="small muted">{foot}</figcaption>
                {table}
            </div>
        </figure>
    }
    .into_any()
}
