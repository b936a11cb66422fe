//! How long a service is waited for and when it is left alone: one table of names, defaults and
//! bounds, for the REST API, pages and the database.

use serde::{Deserialize, Serialize};

use super::{Check, page::whole};
use crate::problem::FieldError;

macro_rules! numbers {
    ($($(#[$doc:meta])* $field:ident = $default:literal in $range:expr;)*) => {
        /// How long a service is waited for and when it is left alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct Upstream { $($(#[$doc])* pub $field: i64),* }

        impl Default for Upstream {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }

        /// What is not given stays as it was.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct UpdateUpstream { $($(#[$doc])* pub $field: Option<i64>),* }

        /// The same as typed.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct UpstreamPage { $(pub $field: String),* }

        impl Upstream {
            #[must_use]
            pub fn changed(self, change: &UpdateUpstream) -> Self {
                Self { $($field: change.$field.unwrap_or(self.$field)),* }
            }
        }

        impl UpdateUpstream {
            pub(super) fn check(&self, check: Check) -> Check {
                $(let check = match self.$field {
                    Some(number) => check.range(concat!("upstream.", stringify!($field)), number, $range),
                    None => check,
                };)*
                check
            }
        }

        impl From<Upstream> for UpdateUpstream {
            fn from(whole: Upstream) -> Self {
                Self { $($field: Some(whole.$field)),* }
            }
        }

        impl From<Upstream> for UpstreamPage {
            fn from(numbers: Upstream) -> Self {
                Self { $($field: numbers.$field.to_string()),* }
            }
        }

        impl UpstreamPage {
            pub(super) fn read(&self, wrong: &mut Vec<FieldError>) -> Upstream {
                Upstream { $($field: whole(concat!("upstream.", stringify!($field)), &self.$field, wrong)),* }
            }
        }
    };
}

numbers! {
    /// Until a connection to an address is there.
    connect_timeout_ms = 5_000 in 100..=60_000;
    /// Between two pieces of an answer, event streams included.
    idle_timeout_ms = 900_000 in 1_000..=86_400_000;
    /// For a whole call; 0 for none. Event streams and tunnels are exempt.
    total_timeout_ms = 0 in 0..=86_400_000;
    /// Calls at once for each replica of the gateway; 0 for no limit.
    max_in_flight = 10_000 in 0..=1_000_000;
    /// Between two health checks of an address.
    health_interval_ms = 10_000 in 1_000..=3_600_000;
    /// Failed checks in a row after which an address is unhealthy.
    unhealthy_after = 3 in 1..=20;
    /// Passed checks in a row after which it is healthy again.
    healthy_after = 2 in 1..=20;
    /// Calls in a row without an answer that open the circuit of an address; 0 for never.
    circuit_failures = 5 in 0..=1_000;
    /// Answers of 5xx in a row that open it; 0 for never.
    circuit_server_errors = 0 in 0..=1_000;
}
