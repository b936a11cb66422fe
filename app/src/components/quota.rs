//! How much of an allowance is used, and where it goes at this pace.

use leptos::prelude::*;

use super::{
    pagination::thousands,
    svg::{float, short},
};

/// Percent of the width for a part, held to 0–100.
fn percent(part: i64, whole: i64) -> f64 {
    let size = |number: i64| float(usize::try_from(number.max(0)).unwrap_or(usize::MAX).min(4_000_000_000));
    if whole <= 0 { 0.0 } else { (size(part) / size(whole) * 100.0).clamp(0.0, 100.0) }
}

#[component]
pub fn QuotaMeter(
    /// What is counted: “E-commerce API quota”.
    #[prop(into)]
    label: String,
    used: i64,
    included: i64,
    /// Expected by the end of the period.
    #[prop(optional)]
    expected: Option<i64>,
    /// “requests”.
    #[prop(optional, into, default = "requests".into())]
    unit: String,
    /// End of the period: “30 Nov”.
    #[prop(optional, into)]
    until: String,
) -> impl IntoView {
    let whole = included.max(used).max(expected.unwrap_or(0));
    let whole = if whole > included { whole + whole / 25 } else { whole };
    let (now, ahead, limit) = (percent(used, whole), percent(expected.unwrap_or(0), whole), percent(included, whole));
    let spoken = match expected {
        Some(expected) => {
            format!("{} percent used, {} expected by the end of the period", short(percent(used, included).round()), thousands(expected))
        }
        None => format!("{} percent used", short(percent(used, included).round())),
    };
    let hatch = format!("hatch-{}", super::card::slug(&label));
    let bar = |fill: &str, share: f64| format!(r#"<rect {fill} width="{}%" height="10" y="2" rx="5"/>"#, short(share));
    let mut drawing = format!(
        r#"<defs><pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0v6"/></pattern></defs>"#
    );
    drawing.push_str(&bar(r#"class="track""#, 100.0));
    if ahead > now {
        drawing.push_str(&bar(&format!(r#"fill="url(#{hatch})""#), ahead));
    }
    drawing.push_str(&bar(r#"class="used""#, now));
    if limit < 100.0 {
        drawing.push_str(&limit_mark(&short(limit)));
    }
    let key = expected.map(|_| {
        let used_swatch = r#"<rect class="used" width="16" height="10" rx="2"/>"#.to_owned();
        let swatch = format!(r#"<rect fill="url(#{hatch})" width="16" height="10" rx="2"/>"#);
        view! {
            <ul class="key">
                <li><svg aria-hidden="true" inner_html=used_swatch></svg>"Used"</li>
                <li><svg aria-hidden="true" inner_html=swatch></svg>"Expected by "{until}</li>
            </ul>
        }
    });
    view! {
        <div class="meter">
            <p class="meter-v">{thousands(used)}" "<small>{format!("of {} {unit}", thousands(included))}</small></p>
            <svg role="meter" aria-label=label aria-valuemin="0" aria-valuemax=included aria-valuenow=used.min(included)
                aria-valuetext=spoken inner_html=drawing></svg>
            {key}
        </div>
    }
    .into_any()
}

/// Where the allowance ends, at so many percent of the width.
fn limit_mark(at: &str) -> String {
    format!(r#"<line class="limit" x1="{at}%" x2="{at}%" y1="-1" y2="15"/><text x="{at}%" y="28" text-anchor="middle">Included</text>"#)
}

/// One line: label, numbers, bar.
#[component]
pub fn SmallMeter(#[prop(into)] label: String, used: i64, included: i64) -> impl IntoView {
    let drawing = format!(
        r#"<rect class="track" width="100%" height="6" y="2" rx="3"/><rect class="used" width="{}%" height="6" y="2" rx="3"/>"#,
        short(percent(used, included))
    );
    view! {
        <div class="meter meter-s">
            <div><span>{label.clone()}</span><span class="muted">{format!("{} of {}", thousands(used), thousands(included))}</span></div>
            <svg role="meter" aria-label=label aria-valuemin="0" aria-valuemax=included aria-valuenow=used.min(included) inner_html=drawing></svg>
        </div>
    }
    .into_any()
}

/// A bar in a table: share of the largest.
#[component]
pub fn Share(part: i64, whole: i64) -> impl IntoView {
    let drawing = format!(r#"<rect width="{}%" height="100%"/>"#, short(percent(part, whole)));
    view! { <svg class="bar" aria-hidden="true" inner_html=drawing></svg> }.into_any()
}
