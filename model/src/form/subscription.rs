//! Subscriptions.

use serde::{Deserialize, Serialize};

use super::{Check, Validate, account::form};
use crate::problem::FieldError;

/// When a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Effective {
    Now,
    PeriodEnd,
}

form! {
    /// Slugs of a published product and one of its plans.
    Subscribe { product: String, plan: String }

    ChangePlan {
        plan: String,
        /// None: upgrades now, downgrades at the period's end.
        #[serde(default)]
        at: Option<Effective>,
    }

    Cancel { at: Effective }
}

impl Validate for Subscribe {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().slug("product", &self.product).slug("plan", &self.plan).done()
    }
}

impl Validate for ChangePlan {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().slug("plan", &self.plan).done()
    }
}

impl Validate for Cancel {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }
}
