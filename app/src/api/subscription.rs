//! Forms about subscriptions.

use leptos::prelude::*;
use mintreu_control::access::ManageSubscriptions;
use mintreu_model::{
    form::subscription::{self as forms, Effective},
    id::SubscriptionId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    components::time::day,
    context::{control, permit},
};

/// `tenant` is the slug, here and in all forms of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSubscription {
    tenant: String,
    product: String,
    plan: String,
}

/// Begins a subscription.
#[server(prefix = "/_fn", endpoint = "subscription/create")]
pub async fn create_subscription(form: NewSubscription) -> Result<Done, Error> {
    let who = permit::<ManageSubscriptions>(&form.tenant).await?;
    let made = control()?.subscribe(&who, &forms::Subscribe { product: form.product, plan: form.plan }).await?;
    Ok(Done::to(format!("/t/{}/applications/new?product={}", form.tenant, made.product))
        .saying(format!("You are subscribed to {}. Next: an application.", made.product_name)))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewPlan {
    tenant: String,
    subscription: SubscriptionId,
    plan: String,
    at: Effective,
}

/// Another plan, now or when the period ends.
#[server(prefix = "/_fn", endpoint = "subscription/change_plan")]
pub async fn change_plan(form: NewPlan) -> Result<Done, Error> {
    let who = permit::<ManageSubscriptions>(&form.tenant).await?;
    let changed = control()?.change_plan(&who, form.subscription, &forms::ChangePlan { plan: form.plan, at: Some(form.at) }).await?;
    let message = match &changed.pending_plan {
        Some(plan) => format!("The plan “{plan}” begins on {}.", day(changed.current_period_end)),
        None => format!("You are on the plan {} now.", changed.plan_name),
    };
    Ok(Done::to(format!("/t/{}/subscriptions/{}", form.tenant, form.subscription)).saying(message))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancellation {
    tenant: String,
    subscription: SubscriptionId,
    at: Effective,
}

/// Ends a subscription, now or when the period ends.
#[server(prefix = "/_fn", endpoint = "subscription/cancel")]
pub async fn cancel_subscription(form: Cancellation) -> Result<Done, Error> {
    let who = permit::<ManageSubscriptions>(&form.tenant).await?;
    let cancelled = control()?.cancel_subscription(&who, form.subscription, &forms::Cancel { at: form.at }).await?;
    let message = match form.at {
        Effective::Now => format!("The subscription to {} has ended.", cancelled.product_name),
        Effective::PeriodEnd => format!("The subscription ends on {}.", day(cancelled.current_period_end)),
    };
    Ok(Done::to(format!("/t/{}/subscriptions/{}", form.tenant, form.subscription)).saying(message))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameSubscription {
    tenant: String,
    subscription: SubscriptionId,
}

/// Takes a cancellation, or a change of plan that is still to come, back.
#[server(prefix = "/_fn", endpoint = "subscription/resume")]
pub async fn resume_subscription(form: SameSubscription) -> Result<Done, Error> {
    let who = permit::<ManageSubscriptions>(&form.tenant).await?;
    let resumed = control()?.resume_subscription(&who, form.subscription).await?;
    Ok(Done::to(format!("/t/{}/subscriptions/{}", form.tenant, form.subscription))
        .saying(format!("The subscription to {} goes on.", resumed.product_name)))
}
