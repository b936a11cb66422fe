//! What operators' tools ask: `/healthz` (the process lives), `/readyz` (it can serve),
//! `/metrics` (Prometheus, from this machine or with the token of the configuration).

use axum::{Extension, Router, extract::State, response::IntoResponse, routing::get};
use http::{HeaderMap, StatusCode, header};
use mintreu_control::Control;
use mintreu_gateway::{ConnInfo, Gateway};
use subtle::ConstantTimeEq as _;

#[derive(Clone)]
struct Parts {
    control: Control,
    gateway: Gateway,
    metrics_token: Option<String>,
}

pub(crate) fn router(control: Control, gateway: Gateway, metrics_token: Option<String>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Parts { control, gateway, metrics_token })
}

async fn ready(State(parts): State<Parts>) -> impl IntoResponse {
    match parts.control.db.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(error = %crate::Failure::new("not ready", &error), "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn metrics(State(parts): State<Parts>, Extension(connection): Extension<ConnInfo>, headers: HeaderMap) -> impl IntoResponse {
    if !is_local(&connection, &headers) {
        match &parts.metrics_token {
            None => return StatusCode::NOT_FOUND.into_response(),
            Some(token) if !has_token(&headers, token) => {
                return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
            }
            Some(_) => {}
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], parts.gateway.metrics_text()).into_response()
}

/// A proxy on this machine says whom it asks for; such a request is not from this machine.
fn is_local(connection: &ConnInfo, headers: &HeaderMap) -> bool {
    let forwarded = ["x-forwarded-for", "x-real-ip", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
    !forwarded && connection.peer.ip().is_loopback()
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked(7));
    given.is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(given.ct_eq(token.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        for (header, opens) in [
            ("Bearer a-token-of-metrics", true),
            ("bearer a-token-of-metrics", true),
            ("Bearer a-token-of-metric", false),
            ("Bearer a-token-of-metricsx", false),
            ("Bearer ", false),
            ("Basic a-token-of-metrics", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, header.parse().unwrap())]);
            assert_eq!(has_token(&headers, "a-token-of-metrics"), opens, "{header}");
        }
        assert!(!has_token(&HeaderMap::new(), "a-token-of-metrics"));
    }

    #[test]
    fn what_a_proxy_hands_on_is_not_local() {
        let (here, there) = (ConnInfo { peer: ([127, 0, 0, 1], 1).into() }, ConnInfo { peer: ([10, 0, 0, 1], 1).into() });
        let forwarded = HeaderMap::from_iter([(http::HeaderName::from_static("x-forwarded-for"), "127.0.0.1".parse().unwrap())]);
        assert!(is_local(&here, &HeaderMap::new()));
        assert!(!is_local(&there, &HeaderMap::new()) && !is_local(&here, &forwarded));
    }
}
