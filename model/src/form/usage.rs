//! Which usage is asked for: a range, a step, a breakdown. Everything may be left out.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Check, account::form};
use crate::{
    problem::FieldError,
    status::{UsageBy, UsageStep},
};

/// Points of one answer at most.
const POINTS_MOST: i64 = 2000;

/// Ranges reach back and ahead of now this far at most.
const REACH: TimeDelta = TimeDelta::days(36_600);

form! {
    /// A range of time; the last 24 hours unless told.
    #[derive(Default)]
    #[cfg_attr(feature = "utoipa", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
    UsageRange {
        /// Beginning, included.
        #[serde(default)]
        from: Option<DateTime<Utc>>,
        /// End, not included; now unless told.
        #[serde(default)]
        to: Option<DateTime<Utc>>,
    }

    #[derive(Default)]
    #[cfg_attr(feature = "utoipa", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
    UsageQuery {
        /// Beginning, included; 24 hours before the end unless told.
        #[serde(default)]
        from: Option<DateTime<Utc>>,
        /// End, not included; now unless told.
        #[serde(default)]
        to: Option<DateTime<Utc>>,
        /// Length of an interval. Unless told: minutes up to 6 hours, hours up to 14 days, then days.
        #[serde(default)]
        step: Option<UsageStep>,
        /// One point per interval and route, key or status; intervals without calls are left out.
        #[serde(default)]
        by: Option<UsageBy>,
    }
}

/// A range that is whole: `from` is before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl UsageStep {
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::Minute => TimeDelta::minutes(1),
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }

    /// Beginning of the interval that `at` is in.
    #[must_use]
    pub fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = at.timestamp();
        DateTime::from_timestamp(seconds - seconds.rem_euclid(self.length().num_seconds()), 0).unwrap_or(at)
    }
}

impl Span {
    /// The finest step that gives a legible number of points.
    #[must_use]
    pub fn step(self) -> UsageStep {
        let length = self.to - self.from;
        if length <= TimeDelta::hours(6) {
            UsageStep::Minute
        } else if length <= TimeDelta::days(14) {
            UsageStep::Hour
        } else {
            UsageStep::Day
        }
    }

    /// Beginnings of the intervals that the range touches.
    pub fn starts(self, step: UsageStep) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(Some(step.floor(self.from)), move |start| Some(*start + step.length()))
            .take_while(move |start| *start < self.to)
    }
}

impl UsageRange {
    /// The range asked for, filled in.
    ///
    /// # Errors
    /// When it ends before it begins.
    pub fn resolve(&self, now: DateTime<Utc>) -> Result<Span, Vec<FieldError>> {
        let near = |at: Option<DateTime<Utc>>| at.is_none_or(|at| (at - now).abs() <= REACH);
        Check::new()
            .ensure(near(self.from), "from", "out_of_range", "Choose a time within a hundred years")
            .ensure(near(self.to), "to", "out_of_range", "Choose a time within a hundred years")
            .done()?;
        let to = self.to.unwrap_or(now);
        let from = self.from.unwrap_or(to - TimeDelta::hours(24));
        Check::new().ensure(from < to, "from", "out_of_range", "Choose a beginning before the end").done()?;
        Ok(Span { from, to })
    }
}

impl UsageQuery {
    #[must_use]
    pub const fn range(&self) -> UsageRange {
        UsageRange { from: self.from, to: self.to }
    }

    /// The range and the step asked for, filled in.
    ///
    /// # Errors
    /// When the range ends before it begins, or has too many intervals.
    pub fn resolve(&self, now: DateTime<Utc>) -> Result<(Span, UsageStep), Vec<FieldError>> {
        let span = self.range().resolve(now)?;
        let step = self.step.unwrap_or_else(|| span.step());
        let points = (span.to - step.floor(span.from)).num_seconds() / step.length().num_seconds();
        let message = format!("This would be more than {POINTS_MOST} points. Choose a longer step or a shorter range");
        Check::new().ensure(points <= POINTS_MOST, "step", "out_of_range", &message).done()?;
        Ok((span, step))
    }
}

/// Ranges that pages offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    #[default]
    Day,
    Week,
    Fortnight,
    Month,
    Quarter,
}

impl Preset {
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Fortnight, Self::Month, Self::Quarter];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Fortnight => "14d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Fortnight => "14 days",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
        }
    }

    /// The preset of that name; the first one for any other.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name).unwrap_or_default()
    }

    /// What to ask for. Days begin at midnight UTC, hours at the full hour.
    #[must_use]
    pub fn query(self, now: DateTime<Utc>) -> UsageQuery {
        let (intervals, step) = match self {
            Self::Day => (24, UsageStep::Hour),
            Self::Week => (7 * 24, UsageStep::Hour),
            Self::Fortnight => (14 * 24, UsageStep::Hour),
            Self::Month => (30, UsageStep::Day),
            Self::Quarter => (90, UsageStep::Day),
        };
        let to = step.floor(now) + step.length();
        UsageQuery { from: Some(to - step.length() * intervals), to: Some(to), step: Some(step), by: None }
    }

    #[must_use]
    pub fn range(self, now: DateTime<Utc>) -> UsageRange {
        self.query(now).range()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_asked_for_is_the_last_day_by_hours() {
        let now = at("2026-03-01T12:30:00Z");
        let (span, step) = UsageQuery::default().resolve(now).unwrap();
        assert_eq!((span.from, span.to, step), (at("2026-02-28T12:30:00Z"), now, UsageStep::Hour));
        assert_eq!(span.starts(step).count(), 25);
    }

    #[test]
    fn ranges_that_are_backwards_or_too_fine_are_refused_by_field() {
        let now = at("2026-03-01T12:00:00Z");
        let field = |query: UsageQuery| query.resolve(now).unwrap_err().remove(0).field;
        assert_eq!(field(UsageQuery { from: Some(now), to: Some(now), ..UsageQuery::default() }), "from");
        assert_eq!(field(UsageQuery { to: Some(DateTime::<Utc>::MAX_UTC), ..UsageQuery::default() }), "to");
        let month = UsageQuery { from: Some(at("2026-02-01T00:00:00Z")), step: Some(UsageStep::Minute), ..UsageQuery::default() };
        assert_eq!(field(month), "step");
    }

    #[test]
    fn presets_are_whole_intervals_and_include_the_present_one() {
        let now = at("2026-03-01T12:30:00Z");
        for preset in Preset::ALL {
            let (span, step) = preset.query(now).resolve(now).unwrap();
            assert!(span.from <= now && now < span.to);
            assert_eq!(step.floor(span.from), span.from);
            assert_eq!(Preset::from_name(preset.as_str()), preset);
        }
        assert_eq!(Preset::Month.query(now).resolve(now).map(|(span, step)| span.starts(step).count()), Ok(30));
    }
}
