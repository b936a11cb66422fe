//! What subscriptions, plans and applications are called in sentences, in one place.

use chrono::{DateTime, Utc};
use mintreu_model::{
    status::{PlanInterval, SubscriptionStatus},
    view::{PlanView, SubscriptionView},
};

use crate::{
    components::{pagination::thousands, time::day},
    tenant::usage::figures::said,
};

/// “month”, “year”.
#[must_use]
pub const fn interval(interval: PlanInterval) -> &'static str {
    match interval {
        PlanInterval::Month => "month",
        PlanInterval::Year => "year",
    }
}

/// “€49.00 a month”, “Free”.
#[must_use]
pub fn price(plan: &PlanView) -> String {
    if plan.price.amount == 0 { "Free".into() } else { format!("{} a {}", plan.price, interval(plan.interval)) }
}

/// The same of a subscription, which keeps the price that it began with.
#[must_use]
pub fn subscription_price(subscription: &SubscriptionView) -> String {
    if subscription.price.amount == 0 { "Free".into() } else { format!("{} a {}", subscription.price, interval(subscription.interval)) }
}

/// “€0.40 for each 1,000 more”, or that calls stop.
#[must_use]
pub fn beyond(plan: &PlanView) -> String {
    match plan.overage_price_per_1000 {
        Some(price) if price.amount == 0 => "Free of charge".into(),
        Some(price) => format!("{price} for each 1,000"),
        None => "Calls are refused".into(),
    }
}

/// What a plan gives, as names and values.
#[must_use]
pub fn limits(plan: &PlanView) -> Vec<(&'static str, String)> {
    let mut limits = vec![
        ("Requests a month", thousands(plan.included_requests)),
        ("Beyond that", beyond(plan)),
        ("Requests a second", thousands(plan.rate_per_second)),
        ("Applications", thousands(plan.max_applications)),
    ];
    limits.extend(body_limits(plan));
    limits
}

/// What bodies may come to, where the plan says.
pub fn body_limits(plan: &PlanView) -> impl Iterator<Item = (&'static str, String)> {
    let limit = |name, most: Option<i64>| most.map(|_| (name, body_limit(most)));
    [limit("Largest request", plan.max_request_bytes), limit("Largest answer", plan.max_response_bytes)].into_iter().flatten()
}

/// “5.0 MB”, or that there is no limit.
#[must_use]
pub fn body_limit(most: Option<i64>) -> String {
    most.map_or_else(|| "No limit".into(), said)
}

/// “5 applications”.
#[must_use]
pub fn count(number: i64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", thousands(number)) }
}

/// Where a subscription stands and what happens next, in a sentence.
#[must_use]
pub fn standing(subscription: &SubscriptionView, now: DateTime<Utc>) -> String {
    let end = day(subscription.current_period_end);
    let ended = subscription.ended_at.map_or_else(|| "some time ago".to_owned(), |at| format!("on {}", day(at)));
    match subscription.status {
        SubscriptionStatus::Trialing | SubscriptionStatus::Active if subscription.cancel_at_period_end => {
            format!("Cancelled: it works until {end} and ends then. You can resume it until that day.")
        }
        SubscriptionStatus::Trialing => {
            let until = subscription.trial_end.map_or(end, day);
            let left = subscription.trial_end.map_or(0, |at| (at - now).num_days().max(0));
            let after = if subscription.price.amount == 0 { "it stays free" } else { "the paid period begins" };
            format!("Free trial until {until}, {} left. Then {after}.", count(left, "day", "days"))
        }
        SubscriptionStatus::Active => match &subscription.pending_plan {
            Some(plan) => format!("Active. Changes to the plan “{plan}” on {end}."),
            None => format!("Active. Renews on {end}."),
        },
        SubscriptionStatus::PastDue => "A payment is due. Everything keeps working for now.".into(),
        SubscriptionStatus::Paused => "Paused: calls are refused until it is resumed.".into(),
        SubscriptionStatus::Unpaid => "Not paid: calls are refused until it is.".into(),
        SubscriptionStatus::Incomplete => "The first payment is not complete. Nothing works yet.".into(),
        SubscriptionStatus::IncompleteExpired => "The first payment was never made, so it did not begin.".into(),
        SubscriptionStatus::Canceled => format!("Ended {ended}. Its applications are suspended and will be deleted."),
    }
}
