//! Services, products, plans.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::views;
use crate::{
    form::upstream::Upstream,
    id::{PlanId, PlanVersionId, ProductId, ServiceId},
    money::Money,
    route::RouteRule,
    status::{AddressState, DatabaseMode, PlanInterval, ProductKind, ProductStatus},
};

views! {
    ServiceView {
        id: ServiceId,
        slug: String,
        name: String,
        base_urls: Vec<String>,
        routes: Vec<RouteRule>,
        database: DatabaseMode,
        lifecycle: bool,
        health_path: Option<String>,
        timeout_ms: i64,
        http2: bool,
        upstream: Upstream,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }

    ProductView {
        id: ProductId,
        slug: String,
        name: String,
        kind: ProductKind,
        /// Slug of the service behind it.
        service: Option<String>,
        summary: String,
        /// Markdown as written.
        description: String,
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        config_schema: Option<Value>,
        /// Whether the gateway keeps answers, each for the application that got it, as far as the service says.
        cache_responses: bool,
        status: ProductStatus,
        published_at: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
        /// Current versions, in the order in which they are offered.
        plans: Vec<PlanView>,
    }

    PlanView {
        id: PlanId,
        code: String,
        name: String,
        version: i64,
        version_id: PlanVersionId,
        interval: PlanInterval,
        price: Money,
        trial_days: i64,
        included_requests: i64,
        overage_price_per_1000: Option<Money>,
        rate_per_second: i64,
        burst: i64,
        max_applications: i64,
        /// The largest body of a call; none: the platform's own limit.
        max_request_bytes: Option<i64>,
        /// The largest body of an answer; none: no limit.
        max_response_bytes: Option<i64>,
        features: Vec<String>,
        archived: bool,
    }

    /// What the gateway that was asked knows of one address of a service.
    HealthView {
        base_url: String,
        state: AddressState,
        /// Calls under way.
        in_flight: i64,
        /// Moving average of the time to the first byte.
        latency_us: Option<i64>,
        last_error: Option<String>,
        last_error_at: Option<DateTime<Utc>>,
        /// What the latest health check found.
        last_check: Option<String>,
        checked_at: Option<DateTime<Utc>>,
    }
}
