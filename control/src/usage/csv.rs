//! Usage as a table for spreadsheets.

use std::fmt::Write;

use chrono::SecondsFormat;
use mintreu_model::{
    status::UsageBy,
    view::{Percentiles, UsageSeries, UsageShare, UsageTotals},
};

use crate::csv::cell;

const FIGURES: &str = "requests,errors,server_errors,bytes_in,bytes_out,p50_ms,p95_ms,p99_ms\r\n";

/// RFC 4180, with a heading. `by` names the column of what it is broken down by.
#[must_use]
pub fn csv(series: &UsageSeries, by: Option<UsageBy>) -> String {
    let mut out = String::from("start,");
    if let Some(by) = by {
        out.push_str(by.as_str());
        out.push(',');
    }
    out.push_str(FIGURES);
    for point in &series.data {
        out.push_str(&point.start.to_rfc3339_opts(SecondsFormat::Secs, true));
        out.push(',');
        if by.is_some() {
            out.push_str(&cell(point.by.as_deref().unwrap_or_default()));
            out.push(',');
        }
        let counts = [point.requests, point.errors, point.server_errors, point.bytes_in, point.bytes_out];
        figures(&mut out, counts, &point.latency_ms);
    }
    out
}

/// Totals of tenants, products or statuses; `by` is the heading of their column.
#[must_use]
pub fn shares_csv(shares: &[UsageShare], by: &str) -> String {
    let mut out = format!("{by},{FIGURES}");
    for UsageShare { by, totals } in shares {
        out.push_str(&cell(by));
        out.push(',');
        let UsageTotals { requests, errors, server_errors, bytes_in, bytes_out, latency_ms } = totals;
        figures(&mut out, [*requests, *errors, *server_errors, *bytes_in, *bytes_out], latency_ms);
    }
    out
}

fn figures(out: &mut String, counts: [i64; 5], latency: &Percentiles) {
    let counts = counts.map(|count| count.to_string()).join(",");
    // Writing to a string cannot fail.
    let _ = write!(out, "{counts},{},{},{}\r\n", latency.p50, latency.p95, latency.p99);
}
