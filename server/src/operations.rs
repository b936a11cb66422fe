//! What operators' tools ask: `/healthz` (the process lives), `/readyz` (it can serve),
//! `/metrics` (Prometheus, from this machine only).

use axum::{Extension, Router, extract::State, response::IntoResponse, routing::get};
use http::{HeaderMap, StatusCode, header};
use mintreu_control::Control;
use mintreu_gateway::{ConnInfo, Gateway};

#[derive(Clone)]
struct Parts {
    control: Control,
    gateway: Gateway,
}

pub(crate) fn router(control: Control, gateway: Gateway) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Parts { control, gateway })
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

/// A proxy on this machine says whom it asks for; such a request is not from this machine.
async fn metrics(State(parts): State<Parts>, Extension(connection): Extension<ConnInfo>, headers: HeaderMap) -> impl IntoResponse {
    let forwarded = ["x-forwarded-for", "x-real-ip", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
    if forwarded || !connection.peer.ip().is_loopback() {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], parts.gateway.metrics_text()).into_response()
}
