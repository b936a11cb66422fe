//! Stacked bars: counts by kind over time.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::{
    Format, Series, count,
    frame::{FULL, as_table, axis, labels as under, middle, note as mark, scale, y},
};
use crate::components::svg::{escape, float, short};

#[component]
pub fn StackedBars(
    /// Caption of the table, and name of the chart: “Requests per day by outcome”.
    #[prop(into)]
    caption: String,
    /// What it shows, in a sentence, for those who do not see it.
    #[prop(into)]
    summary: String,
    /// One label for each bar: “19 Nov”.
    labels: Vec<String>,
    /// From the bottom upwards.
    series: Vec<Series>,
    /// What a bar is: “Day”.
    #[prop(optional, into, default = "Day".into())]
    unit: String,
    #[prop(optional, default = count)] format: Format,
    /// The last bar is not over yet: paler.
    #[prop(optional)]
    partial: bool,
    /// A bar with a word to it: the one odd day.
    #[prop(optional)]
    note: Option<(usize, String)>,
    /// Under the chart: period and time zone.
    #[prop(optional, into)]
    foot: Option<String>,
) -> impl IntoView {
    let bars = labels.len();
    let top = (0..bars).map(|index| series.iter().map(|one| one.value(index)).sum::<f64>()).fold(0.0, f64::max);
    let (top, ticks) = scale(top);
    let (texts, mut drawing) = axis(&ticks, top, count);
    let width = 68.0 / float(bars.max(1));
    for (index, label) in labels.iter().enumerate() {
        let told: Vec<String> = series.iter().map(|one| format!("{} {}", format(one.value(index)), one.label.to_lowercase())).collect();
        let class = if partial && index + 1 == bars { r#" class="part""# } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(drawing, "<g{class}><title>{}: {}</title>", escape(label), escape(&told.join(", ")));
        let x = short(middle(index, bars) - width / 2.0);
        let mut base = 0.0;
        for one in series.iter().filter(|one| one.value(index) > 0.0) {
            let value = one.value(index);
            let (bottom, upper) = (y(base, top), y(base + value, top));
            base += value;
            let height = (bottom - upper - if base > value { 1.0 } else { 0.0 }).max(1.5);
            let _ = write!(
                drawing,
                r#"<rect class="f{}" x="{x}%" y="{}" width="{}%" height="{}"/>"#,
                one.colour,
                short(upper),
                short(width),
                short(height)
            );
        }
        drawing.push_str("</g>");
    }
    if let Some((index, text)) = note {
        drawing.push_str(&mark(middle(index, bars), &text));
    }
    drawing.push_str(&under(&labels, |index| middle(index, bars)));
    let key = series
        .iter()
        .map(|one| {
            let swatch = format!(r#"<rect class="f{}" width="16" height="10" rx="2"/>"#, one.colour);
            let total = one.total.clone().map(|total| view! { " "<b>{total}</b> });
            view! { <li><svg aria-hidden="true" inner_html=swatch></svg>{one.label.clone()}{total}</li> }
        })
        .collect_view();
    let table = as_table(&caption, &unit, &labels, &series, format);
    view! {
        <figure class="chart" aria-label=caption>
            <ul class="key">{key}</ul>
            <div class="plot">
                <svg class="axis" height=FULL aria-hidden="true" inner_html=texts></svg>
                <div class="canvas" data-plot="bars"><svg class="bars" height=FULL role="img" aria-label=summary inner_html=drawing></svg></div>
            </div>
            <div class="chart-f">
                <figcaption class="small muted">{foot}</figcaption>
                {table}
            </div>
        </figure>
    }
    .into_any()
}
