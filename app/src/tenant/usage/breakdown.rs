//! Usage broken down by one thing, the most used first, as a table with shares and a sum.

use leptos::prelude::*;
use mintreu_model::view::{UsageShare, UsageTotals};

use super::figures::{latency, percent, rate, said};
use crate::{cells, components::prelude::*};

/// Errors beyond this many percent are marked.
const MANY_ERRORS: f64 = 5.0;
/// Longer tables hide what matters; the CSV has the rest.
pub const MOST_ROWS: usize = 50;

/// One line: what it is called, and its figures.
pub struct Line {
    pub name: Slot,
    pub totals: UsageTotals,
}

/// Lines of shares, each named by the function.
pub fn lines(shares: Vec<UsageShare>, name: impl Fn(&str) -> Slot) -> Vec<Line> {
    shares.into_iter().map(|share| Line { name: name(&share.by), totals: share.totals }).collect()
}

#[component]
pub fn Breakdown(
    /// What a line is: “Route”.
    #[prop(into)]
    of: String,
    lines: Vec<Line>,
    /// Of everything: the last line.
    totals: UsageTotals,
    /// “All routes”.
    #[prop(into)]
    all: String,
) -> impl IntoView {
    if lines.is_empty() {
        return view! { <EmptyState icon="chart" title="No calls in this time">"Choose a longer range, or make a call."</EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new(of.clone()),
        Column::new("Share").hide_card(),
        Column::new("Requests").num(),
        Column::new("Errors").num(),
        Column::new("p50").num(),
        Column::new("p95").num(),
        Column::new("p99").num(),
        Column::new("Sent").num(),
    ];
    let most = lines.iter().map(|line| line.totals.requests).max().unwrap_or(0);
    let left = lines.len().saturating_sub(MOST_ROWS);
    let rows = lines
        .into_iter()
        .take(MOST_ROWS)
        .map(|line| {
            let bar = view! { <Share part=line.totals.requests whole=most /> };
            figures_row(line.name, bar, &line.totals)
        })
        .collect();
    let rest = (left > 0).then(|| view! { <p class="card-f">{format!("{left} more are in the CSV.")}</p> });
    let foot = figures_row(all.into(), (), &totals);
    view! { <Table caption=format!("Usage by {}", of.to_lowercase()) columns=columns rows=rows foot=foot />{rest} }.into_any()
}

fn figures_row(name: Slot, bar: impl IntoView + 'static, totals: &UsageTotals) -> Row {
    let many = (rate(totals) >= MANY_ERRORS).then_some("bad");
    Row::new(cells![
        name.view(),
        bar,
        thousands(totals.requests),
        view! { <span class=many>{percent(totals)}</span> },
        latency(totals.latency_ms.p50, totals),
        latency(totals.latency_ms.p95, totals),
        latency(totals.latency_ms.p99, totals),
        said(totals.bytes_out),
    ])
}

/// A route as method and pattern; refusals before any route was found have none.
#[must_use]
pub fn route_name(route: &str) -> Slot {
    match route.split_once(' ') {
        Some((method, path)) => {
            let (method, path) = (method.to_owned(), path.to_owned());
            view! { <span class="verb">{method}</span>" "<code>{path}</code> }.into()
        }
        None if route.is_empty() => view! { <span class="muted">"Refused before a route was found"</span> }.into(),
        None => view! { <code>{route.to_owned()}</code> }.into(),
    }
}

/// “404 Not Found”.
#[must_use]
pub fn status_name(status: &str) -> Slot {
    let reason = status.parse::<u16>().ok().and_then(|code| http::StatusCode::from_u16(code).ok()).and_then(|code| code.canonical_reason());
    let status = status.to_owned();
    view! { <span class="mono">{status}</span>" "<span class="muted">{reason}</span> }.into()
}
