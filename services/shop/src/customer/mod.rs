//! Who buys. An address belongs to one customer, whatever its case.

mod record;
mod route;

use chrono::{DateTime, Utc};
use mintreu_kit::Check;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::record::{find, find_or_insert};
pub(crate) use self::route::routes;

#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(crate) struct Customer {
    /// `cus_…`
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCustomer {
    #[schema(example = "ada@example.com")]
    pub(crate) email: String,
    pub(crate) name: String,
}

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomerChange {
    email: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CustomerQuery {
    /// The customer with this address, in any case.
    email: Option<String>,
    /// 1 to 100, 25 unless said.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl NewCustomer {
    /// `parent` is the path of the fields: empty, or `customer.`.
    pub(crate) fn check(&self, check: &mut Check, parent: &str) {
        check.email(&format!("{parent}email"), &self.email);
        check.line(&format!("{parent}name"), &self.name, 1..=200);
    }
}

/// What makes two addresses the same.
fn email_key(email: &str) -> String {
    email.to_lowercase()
}
