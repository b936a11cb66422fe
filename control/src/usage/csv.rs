//! Usage as a table for spreadsheets.

use std::fmt::Write;

use chrono::SecondsFormat;
use mintreu_model::{status::UsageBy, view::UsageSeries};

use crate::csv::cell;

/// RFC 4180, with a heading. `by` names the column of what it is broken down by.
#[must_use]
pub fn csv(series: &UsageSeries, by: Option<UsageBy>) -> String {
    let mut out = String::from("start,");
    if let Some(by) = by {
        out.push_str(by.as_str());
        out.push(',');
    }
    out.push_str("requests,errors,server_errors,bytes_in,bytes_out,p50_ms,p95_ms,p99_ms\r\n");
    for point in &series.data {
        out.push_str(&point.start.to_rfc3339_opts(SecondsFormat::Secs, true));
        out.push(',');
        if by.is_some() {
            out.push_str(&cell(point.by.as_deref().unwrap_or_default()));
            out.push(',');
        }
        let latency = &point.latency_ms;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "{},{},{},{},{},{},{},{}\r\n",
            point.requests, point.errors, point.server_errors, point.bytes_in, point.bytes_out, latency.p50, latency.p95, latency.p99
        );
    }
    out
}
