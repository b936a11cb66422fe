//! The router of a service, put together: identity in front of every route that is not public,
//! lifecycle calls, health, problem answers, body bound, request ids.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::StatusCode;

use crate::config::Config;
use crate::identity::{Platform, authenticate};
use crate::lifecycle::{self, Lifecycle};
use crate::problem::Problem;
use crate::request::{BodyLimit, surround};

/// A service in the making.
#[derive(Debug)]
pub struct Service {
    platform: Platform,
    body_limit: BodyLimit,
    closed: Router,
    public: Router,
}

impl Service {
    #[must_use]
    pub fn new(config: Config) -> Self {
        let body_limit = BodyLimit(config.body_limit_bytes);
        let public = Router::new().route("/healthz", get(async || "ok"));
        Self { platform: Platform::new(config), body_limit, closed: Router::new(), public }
    }

    /// Adds routes that only a proven application reaches.
    #[must_use]
    pub fn routes(mut self, routes: Router) -> Self {
        self.closed = self.closed.merge(routes);
        self
    }

    /// Adds routes that anybody reaches who reaches the port: descriptions, never data.
    #[must_use]
    pub fn public(mut self, routes: Router) -> Self {
        self.public = self.public.merge(routes);
        self
    }

    /// Answers the platform's lifecycle calls. Register the service with `lifecycle: true`.
    #[must_use]
    pub fn lifecycle<L: Lifecycle>(mut self, lifecycle: L) -> Self {
        self.public = self.public.merge(lifecycle::router(self.platform.clone(), lifecycle));
        self
    }

    pub fn into_router(self) -> Router {
        let closed = self
            .closed
            .method_not_allowed_fallback(method_not_allowed)
            // `route_layer`, so that an unknown path is 404 and not 401.
            .route_layer(from_fn_with_state(self.platform, authenticate));
        self.public
            .method_not_allowed_fallback(method_not_allowed)
            .merge(closed)
            .fallback(async || Problem::not_found("route"))
            .layer(from_fn_with_state(self.body_limit, surround))
    }
}

async fn method_not_allowed() -> Problem {
    let detail = "The route exists, not with this method; Allow says which it has.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
