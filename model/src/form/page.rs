//! Forms as pages type them, where HTML has no lists, decimals or JSON: each turns into the form
//! that REST takes, or says which field cannot be read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    account::form,
    application::CreateKey,
    catalogue::{CreatePlan, CreateProduct, CreateService, UpdatePlan, UpdateProduct, UpdateService},
    lenient,
    upstream::UpstreamPage,
};
use crate::{
    money::{Currency, Money},
    problem::FieldError,
    route::RouteRule,
    status::{DatabaseMode, PlanInterval, ProductKind},
    view::{PlanView, ProductView, ServiceView},
};

form! {
    /// Addresses and routes one per line; a route is `GET,POST /v1/orders/{id}`, with ` %2F` after
    /// it where encoded slashes may stand in the path. Numbers are text here and below, so that one
    /// that cannot be read is told at its field.
    ServicePage {
        #[serde(default)]
        slug: String,
        name: String,
        base_urls: String,
        routes: String,
        database: DatabaseMode,
        #[serde(default, deserialize_with = "lenient::switch")]
        lifecycle: bool,
        #[serde(default)]
        health_path: String,
        timeout_ms: String,
        #[serde(default, deserialize_with = "lenient::switch")]
        http2: bool,
        /// Absent: as it was.
        #[serde(default)]
        upstream: Option<UpstreamPage>,
    }

    ProductPage {
        #[serde(default)]
        slug: String,
        name: String,
        service: String,
        summary: String,
        #[serde(default)]
        description: String,
        /// JSON text; empty for none.
        #[serde(default)]
        config_schema: String,
        #[serde(default, deserialize_with = "lenient::switch")]
        cache_responses: bool,
    }

    PlanPage {
        #[serde(default)]
        code: String,
        name: String,
        interval: PlanInterval,
        currency: Currency,
        /// Major units with a decimal point.
        price: String,
        trial_days: String,
        included_requests: String,
        /// Major units; empty stops hard.
        #[serde(default)]
        overage_price_per_1000: String,
        rate_per_second: String,
        burst: String,
        max_applications: String,
        /// Empty: no limit of the plan, here and below.
        #[serde(default)]
        max_request_bytes: String,
        #[serde(default)]
        max_response_bytes: String,
        /// One per line.
        #[serde(default)]
        features: String,
    }

    KeyPage {
        name: String,
        /// One per line: `GET /v1/orders/{id}`.
        #[serde(default)]
        scopes: String,
        #[serde(default, deserialize_with = "lenient::optional_number")]
        expires_in_days: Option<i64>,
        /// One per line.
        #[serde(default)]
        allowed_ips: String,
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Whole numbers as people type them: `100,000` and `100 000` are the same.
pub(super) fn whole(field: &str, text: &str, wrong: &mut Vec<FieldError>) -> i64 {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ',' | '_') && !letter.is_whitespace()).collect();
    digits.parse().unwrap_or_else(|_| {
        wrong.push(FieldError::new(field, "invalid", "Write a whole number, as in 100"));
        0
    })
}

fn routes(text: &str, wrong: &mut Vec<FieldError>) -> Vec<RouteRule> {
    let read = |line: &str| {
        let refused = |why: &str| FieldError::new("routes", "invalid", format!("{line}: {why}"));
        let mut words = line.split_whitespace();
        let (Some(methods), Some(path)) = (words.next(), words.next()) else {
            return Err(refused("write the methods, a space, and the path"));
        };
        let allow_encoded_slash = match (words.next(), words.next()) {
            (None, _) => false,
            (Some(word), None) if word.eq_ignore_ascii_case("%2F") => true,
            _ => return Err(refused("after the path only %2F may follow")),
        };
        let path = path.parse().map_err(|why| refused(&format!("{why}")))?;
        let methods = methods.split(',').map(str::to_ascii_uppercase).filter(|method| !method.is_empty()).collect();
        Ok(RouteRule { methods, path, allow_encoded_slash })
    };
    lines(text).filter_map(|line| read(line).map_err(|error| wrong.push(error)).ok()).collect()
}

fn route_line(rule: &RouteRule) -> String {
    format!("{} {}{}", rule.methods.join(","), rule.path, if rule.allow_encoded_slash { " %2F" } else { "" })
}

impl ServicePage {
    /// The form of a service that is there.
    #[must_use]
    pub fn of(service: &ServiceView) -> Self {
        Self {
            slug: service.slug.clone(),
            name: service.name.clone(),
            base_urls: service.base_urls.join("\n"),
            routes: service.routes.iter().map(route_line).collect::<Vec<_>>().join("\n"),
            database: service.database,
            lifecycle: service.lifecycle,
            health_path: service.health_path.clone().unwrap_or_default(),
            timeout_ms: service.timeout_ms.to_string(),
            http2: service.http2,
            upstream: Some(service.upstream.into()),
        }
    }

    /// # Errors
    /// When a route or number cannot be read.
    pub fn create(self) -> Result<CreateService, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let (routes, timeout_ms) = (routes(&self.routes, &mut wrong), whole("timeout_ms", &self.timeout_ms, &mut wrong));
        let upstream = self.upstream.map(|typed| typed.read(&mut wrong)).unwrap_or_default();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(CreateService {
            routes,
            timeout_ms,
            upstream,
            base_urls: lines(&self.base_urls).map(str::to_owned).collect(),
            slug: self.slug,
            name: self.name,
            database: self.database,
            lifecycle: self.lifecycle,
            http2: self.http2,
            health_path: Some(self.health_path.trim().to_owned()).filter(|path| !path.is_empty()),
        })
    }

    /// # Errors
    /// When a route or number cannot be read.
    pub fn update(self) -> Result<UpdateService, Vec<FieldError>> {
        let health_path = Some(self.health_path.trim().to_owned());
        let with_upstream = self.upstream.is_some();
        let whole = self.create()?;
        Ok(UpdateService {
            name: Some(whole.name),
            base_urls: Some(whole.base_urls),
            routes: Some(whole.routes),
            database: Some(whole.database),
            lifecycle: Some(whole.lifecycle),
            health_path,
            timeout_ms: Some(whole.timeout_ms),
            http2: Some(whole.http2),
            upstream: with_upstream.then(|| whole.upstream.into()),
        })
    }
}

impl ProductPage {
    /// The form of a product that is there.
    #[must_use]
    pub fn of(product: &ProductView) -> Self {
        Self {
            slug: product.slug.clone(),
            name: product.name.clone(),
            service: product.service.clone().unwrap_or_default(),
            summary: product.summary.clone(),
            description: product.description.clone(),
            config_schema: product.config_schema.as_ref().map(|schema| format!("{schema:#}")).unwrap_or_default(),
            cache_responses: product.cache_responses,
        }
    }

    /// The schema as typed; none for an empty field.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn schema(&self) -> Result<Option<Value>, Vec<FieldError>> {
        if self.config_schema.trim().is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&self.config_schema)
            .map(Some)
            .map_err(|why| vec![FieldError::new("config_schema", "invalid", format!("This is not JSON: {why}"))])
    }

    /// # Errors
    /// When the schema is not JSON.
    pub fn create(self) -> Result<CreateProduct, Vec<FieldError>> {
        let config_schema = self.schema()?;
        Ok(CreateProduct {
            config_schema,
            cache_responses: self.cache_responses,
            slug: self.slug,
            name: self.name,
            kind: ProductKind::Api,
            service: Some(self.service).filter(|service| !service.is_empty()),
            summary: self.summary,
            description: self.description,
        })
    }

    /// # Errors
    /// When the schema is not JSON.
    pub fn update(self) -> Result<UpdateProduct, Vec<FieldError>> {
        let config_schema = self.schema()?.or_else(|| Some(Value::Object(Map::new())));
        Ok(UpdateProduct {
            config_schema,
            cache_responses: Some(self.cache_responses),
            name: Some(self.name),
            service: Some(self.service).filter(|service| !service.is_empty()),
            summary: Some(self.summary),
            description: Some(self.description),
        })
    }
}

impl PlanPage {
    /// The form of a plan that is there.
    #[must_use]
    pub fn of(plan: &PlanView) -> Self {
        Self {
            code: plan.code.clone(),
            name: plan.name.clone(),
            interval: plan.interval,
            currency: plan.price.currency,
            price: plan.price.major(),
            trial_days: plan.trial_days.to_string(),
            included_requests: plan.included_requests.to_string(),
            overage_price_per_1000: plan.overage_price_per_1000.map(Money::major).unwrap_or_default(),
            rate_per_second: plan.rate_per_second.to_string(),
            burst: plan.burst.to_string(),
            max_applications: plan.max_applications.to_string(),
            max_request_bytes: plan.max_request_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            max_response_bytes: plan.max_response_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            features: plan.features.join("\n"),
        }
    }

    /// # Errors
    /// When a price or number cannot be read.
    pub fn create(self) -> Result<CreatePlan, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let amount = |field: &str, text: &str, wrong: &mut Vec<FieldError>| {
            let read = Money::parse_major(text, self.currency);
            if read.is_none() {
                wrong.push(FieldError::new(field, "invalid", "Write an amount as in 12.50"));
            }
            read
        };
        let price = amount("price", &self.price, &mut wrong);
        let overage_price_per_1000 = match self.overage_price_per_1000.trim() {
            "" => None,
            text => amount("overage_price_per_1000", text, &mut wrong),
        };
        let mut number = |field: &str, text: &str| whole(field, text, &mut wrong);
        let trial_days = number("trial_days", &self.trial_days);
        let included_requests = number("included_requests", &self.included_requests);
        let rate_per_second = number("rate_per_second", &self.rate_per_second);
        let burst = number("burst", &self.burst);
        let max_applications = number("max_applications", &self.max_applications);
        let mut optional = |field: &str, text: &str| (!text.trim().is_empty()).then(|| number(field, text));
        let max_request_bytes = optional("max_request_bytes", &self.max_request_bytes);
        let max_response_bytes = optional("max_response_bytes", &self.max_response_bytes);
        let Some(price) = price.filter(|_| wrong.is_empty()) else { return Err(wrong) };
        Ok(CreatePlan {
            price,
            overage_price_per_1000,
            features: lines(&self.features).map(str::to_owned).collect(),
            code: self.code,
            name: self.name,
            interval: self.interval,
            trial_days,
            included_requests,
            rate_per_second,
            burst,
            max_applications,
            max_request_bytes,
            max_response_bytes,
        })
    }

    /// # Errors
    /// When a price or number cannot be read.
    pub fn update(self) -> Result<UpdatePlan, Vec<FieldError>> {
        let whole = self.create()?;
        Ok(UpdatePlan {
            name: Some(whole.name),
            interval: Some(whole.interval),
            price: Some(whole.price),
            trial_days: Some(whole.trial_days),
            included_requests: Some(whole.included_requests),
            overage_price_per_1000: Some(whole.overage_price_per_1000),
            rate_per_second: Some(whole.rate_per_second),
            burst: Some(whole.burst),
            max_applications: Some(whole.max_applications),
            max_request_bytes: Some(whole.max_request_bytes),
            max_response_bytes: Some(whole.max_response_bytes),
            features: Some(whole.features),
        })
    }
}

impl KeyPage {
    /// `now` is the platform's time; expiry is counted from it.
    ///
    /// # Errors
    /// When a scope or network cannot be read.
    pub fn create(self, now: DateTime<Utc>) -> Result<CreateKey, Vec<FieldError>> {
        let unreadable = |field: &str, line: &str, why: &str| vec![FieldError::new(field, "invalid", format!("{line}: {why}"))];
        let scopes = lines(&self.scopes)
            .map(|line| line.parse().map_err(|_| unreadable("scopes", line, "write a method, a space, and a path")))
            .collect::<Result<_, _>>()?;
        let allowed_ips = lines(&self.allowed_ips)
            .map(|line| {
                line.parse()
                    .or_else(|_| line.parse::<std::net::IpAddr>().map(Into::into))
                    .map_err(|_| unreadable("allowed_ips", line, "write an address or a network, as in 203.0.113.0/24"))
            })
            .collect::<Result<_, _>>()?;
        let expires_at = match self.expires_in_days {
            None => None,
            Some(days @ 1..=3650) => Some(now + chrono::TimeDelta::days(days)),
            Some(_) => return Err(vec![FieldError::new("expires_in_days", "out_of_range", "Choose 1 to 3650 days")]),
        };
        Ok(CreateKey { name: self.name, scopes, expires_at, allowed_ips })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::upstream::Upstream, *};

    fn service(routes: &str, timeout_ms: &str) -> ServicePage {
        ServicePage {
            slug: "shop".into(),
            name: "Shop".into(),
            base_urls: " http://127.0.0.1:1 \n\nhttp://127.0.0.1:2".into(),
            routes: routes.into(),
            database: DatabaseMode::None,
            lifecycle: false,
            health_path: " /healthz ".into(),
            timeout_ms: timeout_ms.into(),
            http2: false,
            upstream: Some(UpstreamPage { unhealthy_after: timeout_ms.into(), ..Upstream::default().into() }),
        }
    }

    #[test]
    fn lines_become_addresses_and_routes_and_come_back_as_they_were() {
        let read = service("get,post /v1/orders/{id}\n* /files/{*rest} %2f", "30,000").create().unwrap();
        assert_eq!(read.base_urls, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
        assert_eq!(read.routes.iter().map(route_line).collect::<Vec<_>>(), ["GET,POST /v1/orders/{id}", "* /files/{*rest} %2F"]);
        assert_eq!((read.timeout_ms, read.health_path.as_deref()), (30_000, Some("/healthz")));
    }

    #[test]
    fn everything_that_cannot_be_read_is_told_at_its_field() {
        let errors = service("GET\n/v1/orders\nGET /v1 /v2", "soon").create().unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["routes", "routes", "routes", "timeout_ms", "upstream.unhealthy_after"]);
    }

    #[test]
    fn a_plan_names_every_number_that_is_none() {
        let page = PlanPage {
            code: "pro".into(),
            name: "Pro".into(),
            interval: PlanInterval::Month,
            currency: Currency::Eur,
            price: "4,90".into(),
            trial_days: String::new(),
            included_requests: "100 000".into(),
            overage_price_per_1000: "x".into(),
            rate_per_second: "10".into(),
            burst: "20".into(),
            max_applications: "1".into(),
            max_request_bytes: "1,000,000".into(),
            max_response_bytes: " ".into(),
            features: String::new(),
        };
        let errors = page.clone().create().unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["price", "overage_price_per_1000", "trial_days"]);
        let right = PlanPage { price: "4.90".into(), trial_days: "0".into(), overage_price_per_1000: String::new(), ..page };
        let plan = right.create().unwrap();
        assert_eq!((plan.price.amount, plan.included_requests, plan.overage_price_per_1000), (490, 100_000, None));
        assert_eq!((plan.max_request_bytes, plan.max_response_bytes), (Some(1_000_000), None));
    }
}
