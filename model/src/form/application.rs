//! Applications and their keys.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Check, Validate, account::form, lenient};
use crate::{origin, problem::FieldError, route::Scope};

form! {
    Provision {
        /// Slug of a product that the tenant is subscribed to.
        product: String,
        name: String,
        /// Held to the product's JSON Schema.
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Object))]
        config: Map<String, Value>,
    }

    /// `confirm` is the application's name, typed; REST may leave it out.
    DeleteApplication { confirm: String }

    CreateKey {
        name: String,
        /// Which calls it may make; empty means every route.
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Vec<String>))]
        scopes: Vec<Scope>,
        #[serde(default)]
        expires_at: Option<DateTime<Utc>>,
        /// Addresses or networks it may be used from; empty means anywhere.
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Vec<String>))]
        allowed_ips: Vec<IpNet>,
    }

    RotateKey {
        /// Seconds for which the old secret goes on working.
        #[serde(deserialize_with = "lenient::number")]
        grace_seconds: i64,
    }
}

/// A change of an application: what is not given stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct UpdateApplication {
    pub name: Option<String>,
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
    pub config: Option<Map<String, Value>>,
    /// Whose pages may call it from a browser: `https://host[:port]`, `http://localhost[:port]`, or
    /// `*` for every page. Empty: the platform says nothing to browsers.
    pub allowed_origins: Option<Vec<String>>,
}

const MOST_ORIGINS: usize = 20;

impl UpdateApplication {
    /// The origins as browsers send them, each once.
    #[must_use]
    pub fn origins(&self) -> Option<Vec<String>> {
        let mut origins: Vec<String> = self.allowed_origins.as_ref()?.iter().filter_map(|one| origin::normalise(one)).collect();
        origins.sort_unstable();
        origins.dedup();
        Some(origins)
    }
}

impl Validate for Provision {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().slug("product", &self.product).line("name", &self.name, 1..=80).done()
    }
}

impl Validate for UpdateApplication {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut check = Check::new();
        if let Some(name) = &self.name {
            check = check.line("name", name, 1..=80);
        }
        if let Some(origins) = &self.allowed_origins {
            check = check.ensure(origins.len() <= MOST_ORIGINS, "allowed_origins", "too_long", "Use at most 20 origins");
            for one in origins.iter().filter(|one| origin::normalise(one).is_none()) {
                let message = format!("{one:.80} is no origin. Write https:// and the host, without a path, as in https://shop.example");
                check = check.fail("allowed_origins", "invalid", message);
            }
        }
        check.done()
    }
}

impl Validate for DeleteApplication {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().line("confirm", &self.confirm, 1..=80).done()
    }
}

impl Validate for CreateKey {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .line("name", &self.name, 1..=80)
            .ensure(self.scopes.len() <= 50, "scopes", "too_long", "Use at most 50 scopes")
            .ensure(self.allowed_ips.len() <= 50, "allowed_ips", "too_long", "Use at most 50 networks")
            .done()
    }
}

impl Validate for RotateKey {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().range("grace_seconds", self.grace_seconds, 0..=30 * 86_400).done()
    }
}
