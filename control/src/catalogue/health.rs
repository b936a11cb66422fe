//! Health on demand: one request to an address of a service, with what came of it in words. The
//! addresses that a name resolves to are checked and pinned, redirects are not followed.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use mintreu_model::view::HealthView;

use super::is_forbidden_address;

/// For somebody who asked to know.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// For a page that shows health among other things.
pub(super) const GLANCE: Duration = Duration::from_secs(1);

/// Without a health path any answer counts as well.
pub(super) async fn probe(
    base_url: &str,
    health_path: Option<&str>,
    allow_link_local: bool,
    patience: Duration,
    now: DateTime<Utc>,
) -> HealthView {
    let began = Instant::now();
    let outcome = tokio::time::timeout(patience, ask(base_url, health_path, allow_link_local)).await;
    let (healthy, detail) = match outcome.unwrap_or_else(|_| Err(format!("No answer within {} s", patience.as_secs()))) {
        Ok(status) if health_path.is_none() => (true, format!("Answers ({status})")),
        Ok(status) if status.is_success() => (true, format!("Well ({status})")),
        Ok(status) => (false, format!("Answered {status}")),
        Err(reason) => (false, reason),
    };
    let latency_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    HealthView { base_url: base_url.to_owned(), healthy, detail, latency_ms, checked_at: now }
}

async fn ask(base_url: &str, health_path: Option<&str>, allow_link_local: bool) -> Result<reqwest::StatusCode, String> {
    let url: reqwest::Url =
        format!("{base_url}{}", health_path.unwrap_or("/")).parse().map_err(|_| "The address cannot be read".to_owned())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, port)).await.map_err(|_| format!("The name {host} cannot be resolved"))?;
    let addresses: Vec<_> = found.filter(|address| allow_link_local || !is_forbidden_address(address.ip())).collect();
    if addresses.is_empty() {
        return Err(format!("{host} is on a network where no service may be"));
    }
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(&host, &addresses)
        .user_agent("mintreu-health")
        .build()
        .map_err(|_| "The probe could not be prepared".to_owned())?;
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
