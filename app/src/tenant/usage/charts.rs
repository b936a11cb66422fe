//! Usage as charts: requests stacked by outcome, latency as three lines.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::{UsagePoint, UsageTotals};

use super::{figures::latency, range::Range, real};
use crate::components::{
    chart::{Lines, Series, StackedBars, milliseconds},
    pagination::thousands,
};

/// More bars than this cannot be told apart; neighbours are put together.
const MOST_BARS: usize = 48;

struct Bar {
    start: DateTime<Utc>,
    succeeded: i64,
    refused: i64,
    broken: i64,
}

fn bars(points: &[UsagePoint]) -> (usize, Vec<Bar>) {
    let together = [1, 2, 3, 4, 6, 8, 12, 24].into_iter().find(|count| points.len().div_ceil(*count) <= MOST_BARS).unwrap_or(24);
    let sum = |points: &[UsagePoint], value: fn(&UsagePoint) -> i64| points.iter().map(value).sum();
    let bars = points
        .chunks(together)
        .filter_map(|chunk| {
            Some(Bar {
                start: chunk.first()?.start,
                succeeded: sum(chunk, |point| (point.requests - point.errors).max(0)),
                refused: sum(chunk, |point| (point.errors - point.server_errors).max(0)),
                broken: sum(chunk, |point| point.server_errors),
            })
        })
        .collect();
    (together, bars)
}

#[component]
pub fn Outcomes(points: Vec<UsagePoint>, range: Range) -> impl IntoView {
    let (together, bars) = bars(&points);
    let unit = match (together, range.unit()) {
        (1, unit) => unit.to_owned(),
        (many, unit) => format!("{many} {}s", unit.to_lowercase()),
    };
    let series = |label: &str, colour: u8, value: fn(&Bar) -> i64| {
        let total: i64 = bars.iter().map(value).sum();
        Series::new(label, colour, bars.iter().map(|bar| real(value(bar))).collect()).total(thousands(total))
    };
    let all = vec![
        series("Succeeded", 1, |bar| bar.succeeded),
        series("Client errors, 4xx", 4, |bar| bar.refused),
        series("Service errors, 5xx", 2, |bar| bar.broken),
    ];
    let labels = bars.iter().map(|bar| range.label(bar.start)).collect();
    let total: i64 = points.iter().map(|point| point.requests).sum();
    let errors: i64 = points.iter().map(|point| point.errors).sum();
    let summary = format!("Requests by outcome, {}: {} in all, {} of them errors.", range.said, thousands(total), thousands(errors));
    let foot = match (together, range.is_open()) {
        (1, true) => format!("The last {} is not over yet. Times in UTC.", range.unit().to_lowercase()),
        (1, false) => "Times in UTC.".to_owned(),
        (_, true) => format!("A bar is {}; the last one is not over yet. Times in UTC.", unit.to_lowercase()),
        (_, false) => format!("A bar is {}. Times in UTC.", unit.to_lowercase()),
    };
    view! {
        <StackedBars caption=format!("Requests by outcome, {}", range.said) summary=summary labels=labels series=all unit=unit
            format=exactly partial=range.is_open() foot=foot />
    }
}

/// Counts in the table and the hints: whole, with thousands set apart.
fn exactly(value: f64) -> String {
    format!("{value:.0}").parse().map_or_else(|_| value.to_string(), thousands)
}

#[component]
pub fn Latency(points: Vec<UsagePoint>, totals: UsageTotals, range: Range) -> impl IntoView {
    // Nothing was slow or fast where nothing was called.
    let points: Vec<UsagePoint> = points.into_iter().filter(|point| point.requests > 0).collect();
    let series = |label: &str, colour: u8, value: fn(&UsagePoint) -> f64, total: f64| {
        Series::new(label, colour, points.iter().map(value).collect()).total(latency(total, &totals))
    };
    let all = vec![
        series("p50", 1, |point| point.latency_ms.p50, totals.latency_ms.p50),
        series("p95", 2, |point| point.latency_ms.p95, totals.latency_ms.p95),
        series("p99", 3, |point| point.latency_ms.p99, totals.latency_ms.p99),
    ];
    let labels = points.iter().map(|point| range.label(point.start)).collect();
    let summary = format!(
        "Latency, {}: half of the calls within {}, 95 of 100 within {}, 99 of 100 within {}.",
        range.said,
        latency(totals.latency_ms.p50, &totals),
        latency(totals.latency_ms.p95, &totals),
        latency(totals.latency_ms.p99, &totals)
    );
    let foot = format!("{}s without calls are left out. Times in UTC.", range.unit());
    view! {
        <Lines caption=format!("Latency, {}", range.said) summary=summary labels=labels series=all unit=range.unit().to_owned()
            format=milliseconds foot=foot />
    }
}

#[cfg(test)]
mod tests {
    use mintreu_model::view::Percentiles;

    use super::*;

    #[test]
    fn a_week_of_hours_becomes_bars_that_can_be_told_apart_and_loses_nothing() {
        let point = |hour: i64| UsagePoint {
            start: DateTime::from_timestamp(hour * 3600, 0).unwrap(),
            by: None,
            requests: 10,
            errors: 3,
            server_errors: 1,
            bytes_in: 0,
            bytes_out: 0,
            latency_ms: Percentiles { p50: 1.0, p95: 1.0, p99: 1.0 },
        };
        let points: Vec<UsagePoint> = (0..168).map(point).collect();
        let (together, bars) = bars(&points);
        assert_eq!((together, bars.len()), (4, 42));
        assert_eq!(bars.iter().map(|bar| bar.succeeded + bar.refused + bar.broken).sum::<i64>(), 1_680);
    }
}
