//! Usage: of the whole tenant here, of one application under its tabs. What they share is here
//! too: the range in the URL, the figures, the charts and the breakdowns.

pub mod breakdown;
pub mod charts;
pub mod figures;
pub mod range;
pub mod range_form;
pub mod refusals;
pub mod tenant;

pub use tenant::TenantUsage;

/// A count as a number to draw.
#[expect(clippy::cast_precision_loss, reason = "a drawing has fewer pixels than a float has digits")]
#[must_use]
pub const fn real(count: i64) -> f64 {
    count as f64
}
