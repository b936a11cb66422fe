//! What may become of an order, in one table:
//!
//! | from \ to | paid | fulfilled | cancelled | refunded |
//! |---|---|---|---|---|
//! | open | pay | | cancel, stock returns | |
//! | paid | | fulfill | cancel, stock returns | refund, stock returns |
//! | fulfilled | | | | refund, the goods are out of the house |

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Open,
    Paid,
    Fulfilled,
    Cancelled,
    Refunded,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Whether an order in this state may become `next`.
    pub(super) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Paid)
                | (Self::Paid, Self::Fulfilled | Self::Refunded)
                | (Self::Open | Self::Paid, Self::Cancelled)
                | (Self::Fulfilled, Self::Refunded)
        )
    }

    /// Whether the goods of an order in this state go back on the shelf when it becomes `next`.
    pub(super) fn returns_stock(self, next: Self) -> bool {
        matches!((self, next), (Self::Open | Self::Paid, Self::Cancelled | Self::Refunded))
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        [Self::Open, Self::Paid, Self::Fulfilled, Self::Cancelled, Self::Refunded]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("no order status: {text}"))
    }
}
