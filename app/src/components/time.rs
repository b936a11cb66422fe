//! Instants as people say them. A list says how long ago; the exact instant, in UTC, is in the
//! title. Sentences use `day` and `moment`.

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Utc};
use leptos::prelude::*;

/// “5 min ago”, “in 3 days”, with the instant as title.
#[component]
pub fn When(
    at: DateTime<Utc>,
    /// The platform's time.
    now: DateTime<Utc>,
) -> impl IntoView {
    view! { <time datetime=machine(at) title=moment(at)>{relative(at, now)}</time> }
}

/// “19 November 2026”, with the instant as title.
#[component]
pub fn Day(at: DateTime<Utc>) -> impl IntoView {
    view! { <time datetime=machine(at) title=moment(at)>{day(at)}</time> }
}

/// RFC 3339, for `datetime`.
#[must_use]
pub fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// “19 November 2026, 14:32:08 UTC”.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
}

/// “19 November 2026”.
#[must_use]
pub fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

/// “19 Nov”, and the year where it is another one than now.
#[must_use]
pub fn short_day(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    at.format(if at.year() == now.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

/// “just now”, “5 min ago”, “in 3 h”, “yesterday”, “4 days ago”; further away the day.
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (ahead, gap) = if at > now { (true, at - now) } else { (false, now - at) };
    let said = match gap {
        gap if gap < TimeDelta::seconds(45) => return if ahead { "in a moment".into() } else { "just now".into() },
        gap if gap < TimeDelta::minutes(60) => format!("{} min", gap.num_minutes().max(1)),
        gap if gap < TimeDelta::hours(24) => format!("{} h", gap.num_hours()),
        gap if gap < TimeDelta::hours(48) => return if ahead { "tomorrow".into() } else { "yesterday".into() },
        gap if gap < TimeDelta::days(14) => format!("{} days", gap.num_days()),
        _ => return short_day(at, now),
    };
    if ahead { format!("in {said}") } else { format!("{said} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_is_said_as_a_distance_and_the_far_as_a_day() {
        let now: DateTime<Utc> = "2026-11-19T12:00:00Z".parse().unwrap();
        let said = |seconds: i64| relative(now + TimeDelta::seconds(seconds), now);
        assert_eq!([-3, -300, -7_200, -100_000].map(said), ["just now", "5 min ago", "2 h ago", "yesterday"]);
        assert_eq!([90, 4 * 86_400].map(said), ["in 1 min", "in 4 days"]);
        assert_eq!([-30 * 86_400, 365 * 86_400].map(said), ["20 Oct", "19 Nov 2027"]);
    }
}
