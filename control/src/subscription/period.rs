//! Periods: half-open, in UTC seconds, stepped from an anchor. The n-th begins n intervals after
//! the anchor, counted from the anchor and not from the period before, so that a subscription of
//! the 31st ends February on its last day and comes back to the 31st in March.

use chrono::{DateTime, Datelike, Months, SubsecRound, Utc};
use mintreu_model::status::PlanInterval;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

const fn months(interval: PlanInterval) -> u32 {
    match interval {
        PlanInterval::Month => 1,
        PlanInterval::Year => 12,
    }
}

/// A time that periods may be stepped from: whole seconds.
pub(crate) fn anchor(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0)
}

/// When the n-th period begins.
fn nth(anchor: DateTime<Utc>, interval: PlanInterval, n: u32) -> DateTime<Utc> {
    anchor.checked_add_months(Months::new(n.saturating_mul(months(interval)))).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The period that `at` lies in; the first one for what lies before the anchor.
pub(crate) fn containing(anchor: DateTime<Utc>, interval: PlanInterval, at: DateTime<Utc>) -> Period {
    let distance = (at.year() - anchor.year()) * 12 + i32::try_from(at.month()).unwrap_or(0) - i32::try_from(anchor.month()).unwrap_or(0);
    // The day of the month decides whether the month that was begun is complete: at most one less.
    let mut n = u32::try_from(distance).unwrap_or(0) / months(interval);
    if n > 0 && nth(anchor, interval, n) > at {
        n -= 1;
    }
    Period { start: nth(anchor, interval, n), end: nth(anchor, interval, n + 1) }
}

/// The month that the quota is counted in, whatever the plan's interval.
pub(crate) fn quota(anchor: DateTime<Utc>, at: DateTime<Utc>) -> Period {
    containing(anchor, PlanInterval::Month, at)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ends(anchor: &str, interval: PlanInterval, count: usize) -> Vec<String> {
        let anchor = at(anchor);
        let mut period = containing(anchor, interval, anchor);
        let mut ends = Vec::new();
        for _ in 0..count {
            ends.push(period.end.format("%Y-%m-%d").to_string());
            period = containing(anchor, interval, period.end);
        }
        ends
    }

    #[test]
    fn the_31st_comes_back_after_february() {
        let found = ends("2027-01-31T10:00:00Z", PlanInterval::Month, 4);
        assert_eq!(found, ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]);
        let found = ends("2028-01-31T10:00:00Z", PlanInterval::Month, 3);
        assert_eq!(found, ["2028-02-29", "2028-03-31", "2028-04-30"]);
    }

    #[test]
    fn a_year_from_a_leap_day_ends_on_the_28th_until_the_next_leap_year() {
        let found = ends("2028-02-29T00:00:00Z", PlanInterval::Year, 4);
        assert_eq!(found, ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]);
    }

    #[test]
    fn an_end_belongs_to_the_next_period() {
        let anchor = at("2026-03-15T08:30:00Z");
        let period = containing(anchor, PlanInterval::Month, at("2026-04-15T08:29:59Z"));
        assert_eq!((period.start, period.end), (anchor, at("2026-04-15T08:30:00Z")));
        assert_eq!(containing(anchor, PlanInterval::Month, period.end).start, period.end);
    }

    fn interval() -> impl Strategy<Value = PlanInterval> {
        prop_oneof![Just(PlanInterval::Month), Just(PlanInterval::Year)]
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_one_period_and_periods_join_without_gap(
            start in 0_i64..4_000_000_000, after in 0_i64..1_000_000_000, interval in interval(),
        ) {
            let anchor = DateTime::from_timestamp(start, 0).unwrap();
            let instant = anchor + TimeDelta::seconds(after);
            let period = containing(anchor, interval, instant);
            prop_assert!(period.start <= instant && instant < period.end);
            prop_assert_eq!(containing(anchor, interval, period.end).start, period.end);
            prop_assert_eq!(containing(anchor, interval, period.end - TimeDelta::seconds(1)), period);
        }

        #[test]
        fn quota_months_fill_a_year_exactly(start in 0_i64..4_000_000_000, after in 0_i64..1_000_000_000) {
            let anchor = DateTime::from_timestamp(start, 0).unwrap();
            let year = containing(anchor, PlanInterval::Year, anchor + TimeDelta::seconds(after));
            let mut month = quota(anchor, year.start);
            prop_assert_eq!(month.start, year.start);
            for _ in 0..11 {
                month = quota(anchor, month.end);
            }
            prop_assert_eq!(month.end, year.end);
        }
    }
}
