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
};
use crate::{
    money::{Currency, Money},
    problem::FieldError,
    route::RouteRule,
    status::{DatabaseMode, PlanInterval, ProductKind},
};

form! {
    /// Addresses and routes one per line; a route is `GET,POST /v1/orders/{id}`.
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
        #[serde(deserialize_with = "lenient::number")]
        timeout_ms: i64,
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
    }

    PlanPage {
        #[serde(default)]
        code: String,
        name: String,
        interval: PlanInterval,
        currency: Currency,
        /// Major units with a decimal point.
        price: String,
        #[serde(deserialize_with = "lenient::number")]
        trial_days: i64,
        #[serde(deserialize_with = "lenient::number")]
        included_requests: i64,
        /// Major units; empty stops hard.
        #[serde(default)]
        overage_price_per_1000: String,
        #[serde(deserialize_with = "lenient::number")]
        rate_per_second: i64,
        #[serde(deserialize_with = "lenient::number")]
        burst: i64,
        #[serde(deserialize_with = "lenient::number")]
        max_applications: i64,
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

fn routes(text: &str) -> Result<Vec<RouteRule>, Vec<FieldError>> {
    lines(text)
        .map(|line| {
            let unreadable = |why: &str| vec![FieldError::new("routes", "invalid", format!("{line}: {why}"))];
            let (methods, path) =
                line.split_once(char::is_whitespace).ok_or_else(|| unreadable("write the methods, a space, and the path"))?;
            let path = path.trim().parse().map_err(|why| unreadable(&format!("{why}")))?;
            let methods = methods.split(',').map(|method| method.trim().to_ascii_uppercase()).filter(|method| !method.is_empty()).collect();
            Ok(RouteRule { methods, path, allow_encoded_slash: false })
        })
        .collect()
}

impl ServicePage {
    /// # Errors
    /// When a route cannot be read.
    pub fn create(self) -> Result<CreateService, Vec<FieldError>> {
        Ok(CreateService {
            routes: routes(&self.routes)?,
            base_urls: lines(&self.base_urls).map(str::to_owned).collect(),
            slug: self.slug,
            name: self.name,
            database: self.database,
            lifecycle: self.lifecycle,
            health_path: Some(self.health_path).filter(|path| !path.is_empty()),
            timeout_ms: self.timeout_ms,
        })
    }

    /// # Errors
    /// When a route cannot be read.
    pub fn update(self) -> Result<UpdateService, Vec<FieldError>> {
        let health_path = Some(self.health_path.clone());
        let whole = self.create()?;
        Ok(UpdateService {
            name: Some(whole.name),
            base_urls: Some(whole.base_urls),
            routes: Some(whole.routes),
            database: Some(whole.database),
            lifecycle: Some(whole.lifecycle),
            health_path,
            timeout_ms: Some(whole.timeout_ms),
        })
    }
}

impl ProductPage {
    fn schema(&self) -> Result<Option<Value>, Vec<FieldError>> {
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
            name: Some(self.name),
            service: Some(self.service).filter(|service| !service.is_empty()),
            summary: Some(self.summary),
            description: Some(self.description),
        })
    }
}

impl PlanPage {
    /// # Errors
    /// When a price cannot be read.
    pub fn create(self) -> Result<CreatePlan, Vec<FieldError>> {
        let read = |field: &str, text: &str| {
            Money::parse_major(text, self.currency).ok_or_else(|| vec![FieldError::new(field, "invalid", "Write an amount as in 12.50")])
        };
        let overage = match self.overage_price_per_1000.trim() {
            "" => None,
            text => Some(read("overage_price_per_1000", text)?),
        };
        Ok(CreatePlan {
            price: read("price", &self.price)?,
            overage_price_per_1000: overage,
            features: lines(&self.features).map(str::to_owned).collect(),
            code: self.code,
            name: self.name,
            interval: self.interval,
            trial_days: self.trial_days,
            included_requests: self.included_requests,
            rate_per_second: self.rate_per_second,
            burst: self.burst,
            max_applications: self.max_applications,
        })
    }

    /// # Errors
    /// When a price cannot be read.
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
