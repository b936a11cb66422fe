//! The range that a page looks at, from its URL: `?range=30d`, or `?from=2026-11-01&to=2026-11-10`
//! with both days included. Days are days in UTC.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mintreu_model::{
    form::usage::{Preset, UsageQuery, UsageRange},
    status::UsageStep,
    view::QuotaView,
};

use crate::components::{query::Query, time::short_day};

/// A range with the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Value of the choice that holds; `custom` for two days.
    pub current: String,
    pub query: UsageQuery,
    /// “last 30 days”.
    pub said: String,
    /// “on 30 days before”.
    pub than: String,
    pub step: UsageStep,
    pub now: DateTime<Utc>,
}

const LONGEST_DAYS: i64 = 731;

impl Range {
    /// The range of the page at hand. `period` is what “This period” means, where it means something.
    #[must_use]
    pub fn current(now: DateTime<Utc>, fallback: Preset, period: Option<&QuotaView>) -> Self {
        Self::read(&Query::current(), now, fallback, period)
    }

    /// The range of any query, for what is no page.
    #[must_use]
    pub fn read(query: &Query, now: DateTime<Utc>, fallback: Preset, period: Option<&QuotaView>) -> Self {
        let date = |key| query.get(key).and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
        if let (Some(from), Some(to)) = (date("from"), date("to"))
            && from <= to
            && (to - from).num_days() < LONGEST_DAYS
        {
            return Self::days(from, to, now);
        }
        let name = query.get("range").unwrap_or(fallback.as_str());
        if let Some(period) = period.filter(|_| name == "period") {
            let to = UsageStep::Day.floor(now) + TimeDelta::days(1);
            return Self::new("period", period.period_start, to, "this period".into(), "on the same time before".into(), now);
        }
        let preset = Preset::ALL.into_iter().find(|preset| preset.as_str() == name).unwrap_or(fallback);
        let query = preset.query(now);
        let (from, to) = (query.from.unwrap_or(now), query.to.unwrap_or(now));
        let title = preset.title();
        Self::new(preset.as_str(), from, to, format!("last {title}"), format!("on {title} before"), now)
    }

    fn days(from: NaiveDate, to: NaiveDate, now: DateTime<Utc>) -> Self {
        let begin = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
        let (from, to) = (begin(from), begin(to) + TimeDelta::days(1));
        let days = (to - from).num_days();
        let last = to - TimeDelta::days(1);
        let said = if days == 1 { short_day(from, now) } else { format!("{} to {}", short_day(from, now), short_day(last, now)) };
        let than = if days == 1 { "on the day before".into() } else { format!("on {days} days before") };
        Self::new("custom", from, to, said, than, now)
    }

    fn new(current: &str, from: DateTime<Utc>, to: DateTime<Utc>, said: String, than: String, now: DateTime<Utc>) -> Self {
        let step = if to - from <= TimeDelta::days(14) { UsageStep::Hour } else { UsageStep::Day };
        let query = UsageQuery { from: Some(from), to: Some(to), step: Some(step), by: None };
        Self { current: current.to_owned(), query, said, than, step, now }
    }

    #[must_use]
    pub fn range(&self) -> UsageRange {
        self.query.range()
    }

    #[must_use]
    pub fn from(&self) -> DateTime<Utc> {
        self.query.from.unwrap_or(self.now)
    }

    #[must_use]
    pub fn to(&self) -> DateTime<Utc> {
        self.query.to.unwrap_or(self.now)
    }

    /// As long a time right before.
    #[must_use]
    pub fn before(&self) -> UsageRange {
        let from = self.from();
        UsageRange { from: Some(from - (self.to() - from)), to: Some(from) }
    }

    /// Whether the last interval is not over yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.to() > self.now
    }

    /// “day”, “hour”.
    #[must_use]
    pub const fn unit(&self) -> &'static str {
        match self.step {
            UsageStep::Day => "Day",
            UsageStep::Hour => "Hour",
            UsageStep::Minute => "Minute",
        }
    }

    /// What a point of the chart is called: “19 Nov”, “14:00”, “19 Nov 14:00”.
    #[must_use]
    pub fn label(&self, at: DateTime<Utc>) -> String {
        match self.step {
            UsageStep::Day => at.format("%-d %b").to_string(),
            _ if self.to() - self.from() <= TimeDelta::hours(25) => at.format("%H:%M").to_string(),
            _ => at.format("%-d %b %H:%M").to_string(),
        }
    }

    /// Query of a link that keeps the range: `range=30d`.
    #[must_use]
    pub fn link(&self) -> String {
        if self.current == "custom" {
            let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
            format!("from={}&to={}", day(self.from()), day(self.to() - TimeDelta::days(1)))
        } else {
            format!("range={}", self.current)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(query: &str) -> Range {
        Range::read(&Query::parse(query), "2026-11-19T14:32:08Z".parse().unwrap(), Preset::Month, None)
    }

    #[test]
    fn a_preset_ends_with_the_interval_at_hand() {
        let month = range("");
        assert_eq!((month.current.as_str(), month.said.as_str(), month.is_open()), ("30d", "last 30 days", true));
        assert_eq!(month.to().to_rfc3339(), "2026-11-20T00:00:00+00:00");
        assert_eq!(month.before().to, month.query.from);
        assert_eq!(range("range=24h").step, UsageStep::Hour);
        assert_eq!(range("range=nonsense").current, "30d");
    }

    #[test]
    fn two_days_are_a_range_with_both_included_and_nonsense_is_not() {
        let custom = range("from=2026-11-01&to=2026-11-10");
        assert_eq!((custom.said.as_str(), custom.is_open()), ("1 Nov to 10 Nov", false));
        assert_eq!((custom.to() - custom.from()).num_days(), 10);
        assert_eq!(custom.link(), "from=2026-11-01&to=2026-11-10");
        for backwards in ["from=2026-11-10&to=2026-11-01", "from=x&to=y", "from=0001-01-01&to=2026-01-01"] {
            assert_eq!(range(backwards).current, "30d");
        }
    }
}
