//! The one place that reads the clock. Times are cut to microseconds, which is what both database
//! engines keep, so that what was written equals what is read back.

use chrono::{DateTime, SubsecRound as _, Utc};

/// The present time in UTC, to the microsecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a service has the system's clock only; this is its one reader")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
