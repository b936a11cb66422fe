//! Usage as figures: totals with their course and their change on the time before.

use mintreu_model::view::{UsagePoint, UsageTotals};

use super::{range::Range, real};
use crate::components::{
    kpi::{Change, Kpi},
    pagination::thousands,
    svg::short,
};

/// Requests, error rate, latency and data sent.
#[must_use]
pub fn figures(points: &[UsagePoint], totals: &UsageTotals, before: &UsageTotals, range: &Range) -> Vec<Kpi> {
    let course = |value: fn(&UsagePoint) -> f64| points.iter().filter(|point| point.start <= range.now).map(value).collect::<Vec<_>>();
    let used = |value: fn(&UsagePoint) -> f64| points.iter().filter(|point| point.requests > 0).map(value).collect::<Vec<_>>();
    let (sent, unit) = bytes(totals.bytes_out);
    let requests = Kpi::new("Requests", thousands(totals.requests)).course(course(|point| real(point.requests)));
    let errors = Kpi::new("Error rate", if totals.requests == 0 { "–".into() } else { decimal(rate(totals)) })
        .course(used(|point| real(point.errors) / real(point.requests.max(1))));
    let errors = if totals.requests == 0 { errors } else { errors.unit("%") };
    let latency = Kpi::new("Latency, p95", if totals.requests == 0 { "–".into() } else { whole(totals.latency_ms.p95) })
        .course(used(|point| point.latency_ms.p95));
    let latency = if totals.requests == 0 { latency } else { latency.unit("ms") };
    let data = Kpi::new("Data sent", sent).unit(unit).course(course(|point| real(point.bytes_out)));
    if before.requests == 0 {
        let note = if totals.requests == 0 { "no calls yet" } else { "no calls in the time before" };
        return vec![requests.note(note), errors, latency, data];
    }
    let received = format!("{} received", said(totals.bytes_in));
    let requests = match share(totals.requests, before.requests) {
        Some((up, by)) => requests.change(Change { up, good: None, by, than: range.than.clone() }),
        None => requests.note("as many as in the time before"),
    };
    if totals.requests == 0 {
        return vec![requests, errors, latency, data.note(received)];
    }
    let points = rate(totals) - rate(before);
    let errors = if points.abs() < 0.005 {
        errors.note("as in the time before")
    } else {
        errors.change(changed(points, format!("{} points", decimal(points.abs())), range))
    };
    let slower = totals.latency_ms.p95 - before.latency_ms.p95;
    let latency = if slower.abs() < 0.5 {
        latency.note("as in the time before")
    } else {
        latency.change(changed(slower, format!("{} ms", whole(slower.abs())), range))
    };
    vec![requests, errors, latency, data.note(received)]
}

/// A change of something that had better be small.
fn changed(by: f64, said: String, range: &Range) -> Change {
    Change { up: by > 0.0, good: Some(by < 0.0), by: said, than: range.than.clone() }
}

/// Errors of a hundred calls.
#[must_use]
pub fn rate(totals: &UsageTotals) -> f64 {
    if totals.requests == 0 { 0.0 } else { real(totals.errors) / real(totals.requests) * 100.0 }
}

/// “2.6 %”.
#[must_use]
pub fn percent(totals: &UsageTotals) -> String {
    if totals.requests == 0 { "–".into() } else { format!("{} %", decimal(rate(totals))) }
}

/// “41 ms”; a dash without calls.
#[must_use]
pub fn latency(value: f64, totals: &UsageTotals) -> String {
    if totals.requests == 0 { "–".into() } else { format!("{} ms", whole(value)) }
}

/// Growth from one number to another in percent; `None` where it would be said as nothing.
fn share(now: i64, before: i64) -> Option<(bool, String)> {
    let percent = (real(now) - real(before)) / real(before) * 100.0;
    if percent.abs() < 0.05 {
        return None;
    }
    let said = if percent > 999.0 {
        format!("{} times", whole(percent / 100.0 + 1.0))
    } else {
        format!("{percent:.1} %").replace(['-', '−'], "")
    };
    Some((percent > 0.0, said))
}

/// Two decimals below ten, one below a hundred.
fn decimal(value: f64) -> String {
    if value >= 10.0 { short((value * 10.0).round() / 10.0) } else { short(value) }
}

/// Milliseconds: whole ones from ten on.
fn whole(value: f64) -> String {
    if value >= 10.0 { thousands_of(value) } else { short((value * 10.0).round() / 10.0) }
}

fn thousands_of(value: f64) -> String {
    format!("{value:.0}").parse().map_or_else(|_| short(value), thousands)
}

/// Bytes with their unit: `("35.1", "GB")`.
#[must_use]
pub fn bytes(count: i64) -> (String, &'static str) {
    let mut size = real(count);
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or("B");
    for larger in units {
        if size < 1000.0 {
            break;
        }
        size /= 1000.0;
        unit = larger;
    }
    let said = if size >= 100.0 || unit == "B" { format!("{size:.0}") } else { format!("{size:.1}") };
    (said, unit)
}

/// “35.1 GB”.
#[must_use]
pub fn said(count: i64) -> String {
    let (size, unit) = bytes(count);
    format!("{size} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_in_the_unit_that_fits() {
        assert_eq!([0, 999, 1_000, 35_100_000_000].map(said), ["0 B", "999 B", "1.0 kB", "35.1 GB"]);
    }

    #[test]
    fn growth_is_said_as_people_would() {
        assert_eq!(share(114, 100), Some((true, "14.0 %".into())));
        assert_eq!(share(50, 100), Some((false, "50.0 %".into())));
        assert_eq!(share(2_000, 100), Some((true, "20 times".into())));
        assert_eq!(share(100, 100), None);
    }
}
