//! Health on demand: one request to an address of a service, with what came of it in words.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use mintreu_model::view::HealthView;

use crate::outbound::Outbound;

/// For somebody who asked to know.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// For a page that shows health among other things.
pub(super) const GLANCE: Duration = Duration::from_secs(1);

/// Without a health path any answer counts as well.
pub(super) async fn probe(
    outbound: &Outbound,
    base_url: &str,
    health_path: Option<&str>,
    patience: Duration,
    now: DateTime<Utc>,
) -> HealthView {
    let began = Instant::now();
    let outcome = tokio::time::timeout(patience, ask(outbound, base_url, health_path)).await;
    let (healthy, detail) = match outcome.unwrap_or_else(|_| Err(format!("No answer within {} s", patience.as_secs()))) {
        Ok(status) if health_path.is_none() => (true, format!("Answers ({status})")),
        Ok(status) if status.is_success() => (true, format!("Well ({status})")),
        Ok(status) => (false, format!("Answered {status}")),
        Err(reason) => (false, reason),
    };
    let latency_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    HealthView { base_url: base_url.to_owned(), healthy, detail, latency_ms, checked_at: now }
}

async fn ask(outbound: &Outbound, base_url: &str, health_path: Option<&str>) -> Result<reqwest::StatusCode, String> {
    let refused = |_| format!("{base_url} is not an address where a service may be");
    let url = outbound.check(&format!("{base_url}{}", health_path.unwrap_or("/"))).map_err(refused)?;
    let client = outbound.client().map_err(|_| "The probe could not be prepared".to_owned())?;
    client.get(url).send().await.map(|answer| answer.status()).map_err(|error| root_cause(&error))
}

/// The innermost reason, which is the one that says something: "Connection refused".
fn root_cause(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason = cause.to_string();
        source = cause.source();
    }
    reason
}
