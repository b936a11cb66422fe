//! Services, products and plans, as super admins send them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Check, Validate,
    account::form,
    upstream::{UpdateUpstream, Upstream},
};
use crate::{
    money::Money,
    problem::FieldError,
    route::RouteRule,
    status::{DatabaseMode, PlanInterval, ProductKind},
};

form! {
    CreateService {
        slug: String,
        name: String,
        /// One or more; calls are spread over them.
        base_urls: Vec<String>,
        routes: Vec<RouteRule>,
        #[serde(default = "no_database")]
        database: DatabaseMode,
        #[serde(default)]
        lifecycle: bool,
        /// Path answering 2xx while the service is well, as in `/healthz`.
        #[serde(default)]
        health_path: Option<String>,
        /// Until the first byte of the answer.
        #[serde(default = "half_a_minute")]
        timeout_ms: i64,
        /// Whether it speaks HTTP/2, too, at addresses with `http://`; those with `https://` say it
        /// themselves.
        #[serde(default)]
        http2: bool,
        #[serde(default)]
        upstream: Upstream,
    }

    UpdateService {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        base_urls: Option<Vec<String>>,
        #[serde(default)]
        routes: Option<Vec<RouteRule>>,
        #[serde(default)]
        database: Option<DatabaseMode>,
        #[serde(default)]
        lifecycle: Option<bool>,
        #[serde(default)]
        health_path: Option<String>,
        #[serde(default)]
        timeout_ms: Option<i64>,
        #[serde(default)]
        http2: Option<bool>,
        upstream: Option<UpdateUpstream>,
    }

    CreateProduct {
        slug: String,
        name: String,
        #[serde(default = "api")]
        kind: ProductKind,
        /// Slug of the service behind it; required for `api`.
        #[serde(default)]
        service: Option<String>,
        summary: String,
        /// Markdown.
        #[serde(default)]
        description: String,
        /// JSON Schema of an application's configuration: an object of flat properties.
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        config_schema: Option<Value>,
        /// Whether the gateway keeps answers, each for the application that got it, as far as the
        /// service says.
        #[serde(default)]
        cache_responses: bool,
    }

    UpdateProduct {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        service: Option<String>,
        #[serde(default)]
        summary: Option<String>,
        #[serde(default)]
        description: Option<String>,
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        config_schema: Option<Value>,
        #[serde(default)]
        cache_responses: Option<bool>,
    }

    CreatePlan {
        code: String,
        name: String,
        interval: PlanInterval,
        price: Money,
        #[serde(default)]
        trial_days: i64,
        /// Requests per monthly quota period.
        included_requests: i64,
        /// None stops hard at the quota.
        #[serde(default)]
        overage_price_per_1000: Option<Money>,
        rate_per_second: i64,
        burst: i64,
        max_applications: i64,
        /// The largest body of a call; none: the platform's own limit.
        #[serde(default)]
        max_request_bytes: Option<i64>,
        /// The largest body of an answer; none: no limit.
        #[serde(default)]
        max_response_bytes: Option<i64>,
        /// Short lines shown with the plan.
        #[serde(default)]
        features: Vec<String>,
    }
}

/// A new version of a plan: what is not given stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct UpdatePlan {
    pub name: Option<String>,
    pub interval: Option<PlanInterval>,
    pub price: Option<Money>,
    pub trial_days: Option<i64>,
    pub included_requests: Option<i64>,
    /// Absent: as it was. `null`: stop hard at the quota.
    #[serde(with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Money>))]
    pub overage_price_per_1000: Option<Option<Money>>,
    pub rate_per_second: Option<i64>,
    pub burst: Option<i64>,
    pub max_applications: Option<i64>,
    /// Absent: as it was. `null`: the platform's own limit.
    #[serde(with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<i64>))]
    pub max_request_bytes: Option<Option<i64>>,
    /// Absent: as it was. `null`: no limit.
    #[serde(with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<i64>))]
    pub max_response_bytes: Option<Option<i64>>,
    pub features: Option<Vec<String>>,
}

/// Tells an absent field from `null`.
#[expect(clippy::option_option, clippy::ref_option, reason = "the shape that serde asks for")]
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer, T: Serialize>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// What the gateway takes of anybody: a plan cannot allow more.
const LARGEST_REQUEST_BYTES: i64 = 2 << 30;
const LARGEST_RESPONSE_BYTES: i64 = 1 << 40;

const fn no_database() -> DatabaseMode {
    DatabaseMode::None
}

const fn half_a_minute() -> i64 {
    30_000
}

const fn api() -> ProductKind {
    ProductKind::Api
}

fn service_parts(
    check: Check,
    base_urls: Option<&[String]>,
    routes: Option<&[RouteRule]>,
    health_path: Option<&str>,
    timeout_ms: Option<i64>,
) -> Check {
    let mut check = check;
    if let Some(urls) = base_urls {
        check = check.ensure((1..=16).contains(&urls.len()), "base_urls", "out_of_range", "Give one to sixteen addresses");
        for url in urls {
            check = check.url("base_urls", url);
        }
    }
    if let Some(routes) = routes {
        check = check.ensure((1..=200).contains(&routes.len()), "routes", "out_of_range", "Expose one to two hundred routes");
        for (index, rule) in routes.iter().enumerate() {
            if let Err(message) = rule.validate() {
                check = check.fail(&format!("routes[{index}]"), "invalid", message);
            }
        }
    }
    if let Some(path) = health_path.filter(|path| !path.is_empty()) {
        check = check
            .ensure(
                path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()),
                "health_path",
                "invalid",
                "Begin with a slash, as in /healthz",
            )
            .line("health_path", path, 1..=200);
    }
    if let Some(timeout) = timeout_ms {
        check = check.range("timeout_ms", timeout, 100..=600_000);
    }
    check
}

impl Validate for CreateService {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let check = Check::new().slug("slug", &self.slug).line("name", &self.name, 1..=80);
        let check = service_parts(check, Some(&self.base_urls), Some(&self.routes), self.health_path.as_deref(), Some(self.timeout_ms));
        UpdateUpstream::from(self.upstream).check(check).done()
    }
}

impl Validate for UpdateService {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut check = Check::new();
        if let Some(name) = &self.name {
            check = check.line("name", name, 1..=80);
        }
        check = service_parts(check, self.base_urls.as_deref(), self.routes.as_deref(), self.health_path.as_deref(), self.timeout_ms);
        if let Some(upstream) = &self.upstream {
            check = upstream.check(check);
        }
        check.done()
    }
}

impl Validate for CreateProduct {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .slug("slug", &self.slug)
            .line("name", &self.name, 1..=80)
            .ensure(self.kind == ProductKind::Api, "kind", "invalid", "Only products of the kind api are sold so far")
            .ensure(self.kind != ProductKind::Api || self.service.is_some(), "service", "required", "Choose the service behind the product")
            .line("summary", &self.summary, 1..=200)
            .text("description", &self.description, 0..=20_000)
            .done()
    }
}

impl Validate for UpdateProduct {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut check = Check::new();
        if let Some(name) = &self.name {
            check = check.line("name", name, 1..=80);
        }
        if let Some(summary) = &self.summary {
            check = check.line("summary", summary, 1..=200);
        }
        if let Some(description) = &self.description {
            check = check.text("description", description, 0..=20_000);
        }
        check.done()
    }
}

impl Validate for CreatePlan {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut check = Check::new()
            .slug("code", &self.code)
            .line("name", &self.name, 1..=60)
            .range("price", self.price.amount, 0..=10_000_000_000)
            .range("trial_days", self.trial_days, 0..=365)
            .range("included_requests", self.included_requests, 0..=1_000_000_000_000)
            .range("rate_per_second", self.rate_per_second, 1..=100_000)
            .range("burst", self.burst, 1..=1_000_000)
            .range("max_applications", self.max_applications, 1..=10_000)
            .ensure(self.features.len() <= 20, "features", "too_long", "Use at most 20 lines");
        if let Some(overage) = self.overage_price_per_1000 {
            check = check.range("overage_price_per_1000", overage.amount, 0..=10_000_000).ensure(
                overage.currency == self.price.currency,
                "overage_price_per_1000",
                "invalid",
                "Use the currency of the price",
            );
        }
        if let Some(bytes) = self.max_request_bytes {
            check = check.range("max_request_bytes", bytes, 1..=LARGEST_REQUEST_BYTES);
        }
        if let Some(bytes) = self.max_response_bytes {
            check = check.range("max_response_bytes", bytes, 1..=LARGEST_RESPONSE_BYTES);
        }
        for feature in &self.features {
            check = check.line("features", feature, 1..=120);
        }
        check.done()
    }
}
