//! Subscriptions.

use chrono::{DateTime, Utc};

use super::views;
use crate::{
    id::{SubscriptionId, TenantId},
    money::Money,
    status::{PlanInterval, SubscriptionStatus},
};

views! {
    SubscriptionView {
        id: SubscriptionId,
        tenant: TenantId,
        tenant_name: String,
        tenant_slug: String,
        /// Slug.
        product: String,
        product_name: String,
        /// Code.
        plan: String,
        plan_name: String,
        plan_version: i64,
        price: Money,
        interval: PlanInterval,
        status: SubscriptionStatus,
        current_period_start: DateTime<Utc>,
        current_period_end: DateTime<Utc>,
        trial_end: Option<DateTime<Utc>>,
        cancel_at_period_end: bool,
        /// Code of the plan that takes over at the period's end.
        pending_plan: Option<String>,
        ended_at: Option<DateTime<Utc>>,
        quota: QuotaView,
        max_applications: i64,
        applications: i64,
        created_at: DateTime<Utc>,
    }

    /// Requests of the present quota period, over all applications of the subscription.
    QuotaView {
        used: i64,
        included: i64,
        hard_stop: bool,
        period_start: DateTime<Utc>,
        period_end: DateTime<Utc>,
    }
}
