//! The quota of a subscription: how much is used, and where it goes at this pace.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{
    money::Money,
    view::{PlanView, QuotaView, SubscriptionView},
};

use crate::components::{
    badge::{Badge, Tone},
    pagination::thousands,
    quota::QuotaMeter,
    time::{day, short_day},
};

/// A forecast from less of the period than this many percent says nothing.
const TOO_EARLY: i64 = 3;

/// Requests expected by the end of the period, at the pace so far.
#[must_use]
pub fn expected(quota: &QuotaView, now: DateTime<Utc>) -> Option<i64> {
    let whole = (quota.period_end - quota.period_start).num_seconds();
    let passed = (now - quota.period_start).num_seconds().min(whole);
    if quota.used == 0 || passed <= 0 || passed * 100 < whole * TOO_EARLY {
        return None;
    }
    i64::try_from(i128::from(quota.used) * i128::from(whole) / i128::from(passed)).ok()
}

/// How near the end of the quota is, as a badge; none while it is far.
#[must_use]
pub fn nearness(quota: &QuotaView) -> Option<(Tone, &'static str)> {
    match () {
        () if quota.used >= quota.included && quota.hard_stop => Some((Tone::Bad, "Used up")),
        () if quota.used >= quota.included => Some((Tone::Warning, "Beyond what is included")),
        () if quota.used >= quota.included / 5 * 4 => Some((Tone::Warning, "Near the limit")),
        () => None,
    }
}

/// What the forecast means.
fn meaning(quota: &QuotaView, plan: Option<&PlanView>, expected: i64) -> String {
    let end = day(quota.period_end);
    let over = expected - quota.included;
    if over <= 0 {
        return format!("At this pace {} by {end}, within what is included.", thousands(expected));
    }
    let consequence = if quota.hard_stop {
        "Calls beyond the quota are refused until then.".to_owned()
    } else {
        let cost = plan.and_then(|plan| plan.overage_price_per_1000).map(|price| {
            let amount = i128::from(price.amount) * i128::from(over) / 1000;
            Money::new(i64::try_from(amount).unwrap_or(i64::MAX), price.currency)
        });
        cost.map_or_else(String::new, |cost| format!("That is about {cost} more."))
    };
    format!("At this pace {} by {end}: {} over. {consequence}", thousands(expected), thousands(over))
}

#[component]
pub fn Quota(
    subscription: SubscriptionView,
    /// The plan, where it is known: it tells what more costs.
    plan: Option<PlanView>,
    now: DateTime<Utc>,
) -> impl IntoView {
    let quota = subscription.quota;
    let label = format!("{} quota", subscription.product_name);
    let badge = nearness(&quota).map(|(tone, word)| view! { <div><Badge tone=tone label=word /></div> });
    let reset = format!("Counts from new on {}.", day(quota.period_end));
    match expected(&quota, now) {
        Some(ahead) => view! {
            {badge}
            <QuotaMeter label=label used=quota.used included=quota.included expected=ahead until=short_day(quota.period_end, now) />
            <p class="small muted">{meaning(&quota, plan.as_ref(), ahead)}</p>
        }
        .into_any(),
        None => view! {
            {badge}
            <QuotaMeter label=label used=quota.used included=quota.included />
            <p class="small muted">{reset}</p>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(used: i64) -> QuotaView {
        QuotaView {
            used,
            included: 1000,
            hard_stop: false,
            period_start: "2026-11-01T00:00:00Z".parse().unwrap(),
            period_end: "2026-12-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_pace_so_far_is_carried_on_and_a_day_is_too_early_to_tell() {
        assert_eq!(expected(&quota(600), "2026-11-16T00:00:00Z".parse().unwrap()), Some(1200));
        assert_eq!(expected(&quota(600), "2026-11-01T06:00:00Z".parse().unwrap()), None);
        assert!(meaning(&quota(600), None, 1200).contains("200 over"));
        assert_eq!(nearness(&quota(850)).map(|(_, word)| word), Some("Near the limit"));
    }
}
