//! What tenants do with a subscription that they have: change its plan, end it, take that back.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    form::{
        Validate,
        subscription::{Cancel, ChangePlan, Effective},
    },
    id::SubscriptionId,
    status::SubscriptionStatus,
    view::{PlanView, SubscriptionView},
};

use super::{applications, fits, life::Subscription, offered, payment_required, period, store, terms};
use crate::{Control, Error, Permitted, Result, access::ManageSubscriptions, catalogue, store::Tx};

impl Control {
    /// Upgrades now, downgrades at the period's end, unless `at` says otherwise. The plan's
    /// current version is taken; the subscription stays the same one.
    pub async fn change_plan(
        &self,
        who: &Permitted<ManageSubscriptions>,
        id: SubscriptionId,
        form: &ChangePlan,
    ) -> Result<SubscriptionView> {
        form.validate()?;
        who.stays()?;
        let now = period::anchor(self.clock.now());
        let mut tx = self.db.begin().await?;
        let (before, view) = self.live_subscription(&mut tx, who, id).await?;
        let product = catalogue::store::product_within(&mut tx, &view.product).await?.ok_or(Error::NotFound("product"))?;
        let plan = offered(&product, &form.plan)?;
        let wanted = terms(plan);
        let mut after = before.clone();
        after.pending = None;
        if wanted.version != before.plan.version {
            fits(applications::count(&mut tx, before.tenant, before.product).await?, plan)?;
            let cheaper = wanted.yearly() < before.plan.yearly();
            let at = form.at.unwrap_or(if cheaper { Effective::PeriodEnd } else { Effective::Now });
            let (_, tried) = store::history(&mut tx, before.tenant, before.product).await?;
            if at == Effective::PeriodEnd && before.status.is_served() {
                if !wanted.is_free() && before.status != SubscriptionStatus::Trialing {
                    return Err(payment_required(plan, tried));
                }
                after.pending = Some(wanted);
            } else {
                after.plan = wanted;
                take_effect(&mut after, plan, tried, now)?;
            }
        }
        if after == before {
            return Ok(view);
        }
        self.write_subscription(&mut tx, &before, &after, now).await?;
        let action = if after.plan == before.plan { "subscription.schedule_plan" } else { "subscription.change_plan" };
        if after.plan.code != before.plan.code {
            self.tell_services(&mut tx, after.tenant, id, &after.plan.code, now).await?;
        }
        self.subscription_saved(tx, who, action, Some(&view), id).await
    }

    /// Ends it now, or marks it to end with the period. Its applications are suspended in the same
    /// transaction, and deleted when the grace is over.
    pub async fn cancel_subscription(
        &self,
        who: &Permitted<ManageSubscriptions>,
        id: SubscriptionId,
        form: &Cancel,
    ) -> Result<SubscriptionView> {
        form.validate()?;
        let now = period::anchor(self.clock.now());
        let mut tx = self.db.begin().await?;
        let (before, view) = self.live_subscription(&mut tx, who, id).await?;
        let mut after = before.clone();
        // What is not served has no period that could still run out.
        if form.at == Effective::PeriodEnd && before.status.is_served() {
            after.cancel_at_period_end = true;
            if after == before {
                return Ok(view);
            }
            self.write_subscription(&mut tx, &before, &after, now).await?;
            return self.subscription_saved(tx, who, "subscription.schedule_cancel", Some(&view), id).await;
        }
        after.cancel(now)?;
        self.write_subscription(&mut tx, &before, &after, now).await?;
        self.end_applications(&mut tx, after.tenant, id, now).await?;
        self.subscription_saved(tx, who, "subscription.cancel", Some(&view), id).await
    }

    /// Takes a cancellation at the period's end back, or goes on after a pause where the plan
    /// costs nothing.
    pub async fn resume_subscription(&self, who: &Permitted<ManageSubscriptions>, id: SubscriptionId) -> Result<SubscriptionView> {
        who.stays()?;
        let now = period::anchor(self.clock.now());
        let mut tx = self.db.begin().await?;
        let (before, view) = self.live_subscription(&mut tx, who, id).await?;
        let mut after = before.clone();
        if before.cancel_at_period_end {
            after.cancel_at_period_end = false;
        } else if before.status == SubscriptionStatus::Paused {
            if !before.plan.is_free() {
                let detail =
                    format!("{} costs something, and payments are not taken yet. Change to a plan that costs nothing.", view.plan_name);
                return Err(Error::conflict("payment_required", detail));
            }
            after.go_free(now)?;
        } else {
            return Err(Error::conflict("nothing_to_resume", "The subscription is neither paused nor about to end."));
        }
        self.write_subscription(&mut tx, &before, &after, now).await?;
        self.subscription_saved(tx, who, "subscription.resume", Some(&view), id).await
    }

    /// The tenant's subscription, locked, with its view; refused once it has ended.
    async fn live_subscription(
        &self,
        tx: &mut Tx,
        who: &Permitted<ManageSubscriptions>,
        id: SubscriptionId,
    ) -> Result<(Subscription, SubscriptionView)> {
        let gone = || Error::NotFound("subscription");
        let subscription = store::lock(tx, who.tenant_id(), id).await?.ok_or_else(gone)?;
        if !subscription.status.is_live() {
            return Err(Error::conflict("subscription_ended", "The subscription has ended. Subscribe again."));
        }
        let view = store::view_within(tx, who.tenant_id(), id).await?.ok_or_else(gone)?;
        Ok((subscription, view))
    }

    pub(super) async fn write_subscription(
        &self,
        tx: &mut Tx,
        before: &Subscription,
        after: &Subscription,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if store::save(tx, before, after, now).await? {
            return Ok(());
        }
        Err(Error::conflict("subscription_changed", "The subscription changed just now. Look at it and try again."))
    }
}

/// What another plan means for a subscription that has it from now on.
fn take_effect(after: &mut Subscription, plan: &PlanView, tried: bool, now: DateTime<Utc>) -> Result<()> {
    match (after.status, plan.price.amount == 0) {
        // The trial goes on with the other plan.
        (SubscriptionStatus::Trialing, false) => {}
        (SubscriptionStatus::Trialing | SubscriptionStatus::Paused, true) => after.go_free(now)?,
        (_, true) => after.step(now),
        (SubscriptionStatus::Active, false) if plan.trial_days > 0 && !tried => {
            after.begin_trial(now, now + TimeDelta::days(plan.trial_days))?;
        }
        (_, false) => return Err(payment_required(plan, tried)),
    }
    Ok(())
}
