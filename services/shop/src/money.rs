//! Amounts as clients see them. Integers in the currency's minor unit, never floats.

use std::ops::RangeInclusive;

use mintreu_kit::Check;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One shop has one currency; these are the ones to choose from.
pub(crate) const CURRENCIES: [&str; 13] = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD", "JPY", "INR"];

/// With the bounds on quantity and lines, a total stays far inside 64 bits.
pub(crate) const PRICE_MINOR: RangeInclusive<i64> = 0..=100_000_000_000;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// In minor units: 1250 is 12.50 EUR.
    #[schema(minimum = 0)]
    pub(crate) amount: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
}

impl Money {
    /// Checks a price in a shop that sells in `currency`.
    pub(crate) fn check(&self, check: &mut Check, field: &str, currency: &str) {
        check.range(&format!("{field}.amount"), &self.amount, &PRICE_MINOR);
        check_currency(check, &format!("{field}.currency"), &self.currency, currency);
    }
}

/// Checks that a client means the currency of the shop.
pub(crate) fn check_currency(check: &mut Check, field: &str, given: &str, shop: &str) {
    if given != shop {
        check.add(field, "invalid", format!("This store sells in {shop}."));
    }
}
