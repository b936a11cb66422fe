//! Applications and their keys.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Check, Validate, account::form, lenient};
use crate::{problem::FieldError, route::Scope};

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

    UpdateApplication {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        config: Option<Map<String, Value>>,
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

impl Validate for Provision {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().slug("product", &self.product).line("name", &self.name, 1..=80).done()
    }
}

impl Validate for UpdateApplication {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let check = Check::new();
        match &self.name {
            Some(name) => check.line("name", name, 1..=80).done(),
            None => check.done(),
        }
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
