//! Usage over time and its breakdowns.

use chrono::{DateTime, Utc};

use super::views;

views! {
    Percentiles { p50: f64, p95: f64, p99: f64 }

    /// One interval, or one interval of one route, key or status.
    UsagePoint {
        start: DateTime<Utc>,
        /// Route pattern, key id or status code, when broken down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        requests: i64,
        /// Answers of 400 and above, refusals by the gateway included.
        errors: i64,
        /// Answers of 500 and above.
        server_errors: i64,
        bytes_in: i64,
        bytes_out: i64,
        latency_ms: Percentiles,
    }

    UsageSeries { data: Vec<UsagePoint> }

    /// Totals of a range.
    UsageTotals {
        requests: i64,
        errors: i64,
        server_errors: i64,
        bytes_in: i64,
        bytes_out: i64,
        latency_ms: Percentiles,
    }

    /// Totals of one route, key or status.
    UsageShare { by: String, totals: UsageTotals }
}
