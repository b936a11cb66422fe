//! An application's configuration, as `config.schema.json` describes it. The platform checks it
//! against the schema; the service checks it again, because it is the one that must live with it.

use mintreu_kit::{Check, Problem};
use serde::Deserialize;
use serde_json::Value;

use crate::money::CURRENCIES;

/// What is left out has the schema's default, or stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) store_name: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) accent: Option<String>,
    pub(super) sample_products: Option<bool>,
}

impl Settings {
    pub(super) fn parse(config: Value) -> Result<Self, Problem> {
        if config.is_null() {
            return Ok(Self::default());
        }
        let settings: Self =
            serde_json::from_value(config).map_err(|error| Problem::field("config", "invalid", format!("Not understood: {error}.")))?;
        let mut check = Check::new();
        if let Some(name) = &settings.store_name {
            check.line("config.store_name", name, 1..=120);
        }
        if let Some(currency) = &settings.currency {
            let known = CURRENCIES.contains(&currency.as_str());
            check.require(known, "config.currency", "invalid", "Choose one of the currencies on offer.");
        }
        if let Some(accent) = &settings.accent {
            check.require(is_colour(accent), "config.accent", "invalid", "Use a colour like #3b5bdb.");
        }
        check.finish()?;
        Ok(settings)
    }
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
