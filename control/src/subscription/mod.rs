//! Subscriptions: a tenant has a product on one plan. At most one is live per pair, which the
//! database decides. `state.rs` says what may follow what, `period.rs` where periods end,
//! `life.rs` what time does; `change.rs` is what tenants do, `due.rs` what falls due.
//!
//! No money is taken yet: a plan that costs something can be tried where it has a trial, once per
//! tenant and product, and is then paused.

mod applications;
mod change;
mod clock;
mod due;
mod life;
mod period;
mod state;
mod store;

use chrono::TimeDelta;
use life::{Subscription, Terms};
use mintreu_model::{
    form::{Validate, subscription::Subscribe},
    id::{SubscriptionId, TenantId},
    list::{List, ListQuery},
    status::{PlanInterval, ProductStatus, SubscriptionStatus},
    view::{PlanView, ProductView, SubscriptionView},
};
use period::Period;

use crate::{
    Control, Error, Operator, Permitted, Result,
    access::{ManageSubscriptions, ViewTenant},
    audit::Entry,
    catalogue,
    store::{Change, Tx},
};

impl From<state::Impossible> for Error {
    fn from(impossible: state::Impossible) -> Self {
        Self::conflict("subscription_status", format!("The subscription is {}, so this cannot be done.", impossible.status))
    }
}

impl Control {
    /// Subscribes the tenant, and takes up again the applications that an ended subscription to
    /// the product left.
    pub async fn subscribe(&self, who: &Permitted<ManageSubscriptions>, form: &Subscribe) -> Result<SubscriptionView> {
        form.validate()?;
        who.stays()?;
        let (tenant, now) = (who.tenant_id(), period::anchor(self.clock.now()));
        let mut tx = self.db.begin().await?;
        let product = catalogue::store::product_within(&mut tx, &form.product).await?;
        let product = product
            .filter(|product| product.status == ProductStatus::Published)
            .ok_or_else(|| Error::field("product", "unknown", format!("There is no product called {}", form.product)))?;
        let plan = offered(&product, &form.plan)?;
        let exists = || {
            let name = &product.name;
            Error::conflict("subscription_exists", format!("You are subscribed to {name} already. Change the plan of that subscription."))
        };
        let (live, tried) = store::history(&mut tx, tenant, product.id).await?;
        if live {
            return Err(exists());
        }
        let mut new = Subscription {
            id: self.id(),
            tenant,
            product: product.id,
            plan: terms(plan),
            pending: None,
            status: SubscriptionStatus::Active,
            anchor: now,
            period: Period { start: now, end: now },
            quota: Period { start: now, end: now },
            trial_end: None,
            cancel_at_period_end: false,
            ended_at: None,
        };
        // Ending it and subscribing again begins no new quota while the month that was begun lasts.
        let running = store::running_quota(&mut tx, tenant, product.id, now).await?;
        if let Some((_, anchor)) = running {
            new.anchor = anchor;
        }
        new.step(now);
        if !new.plan.is_free() {
            if plan.trial_days == 0 || tried {
                return Err(payment_required(plan, tried));
            }
            new.begin_trial(now, now + TimeDelta::days(plan.trial_days))?;
        }
        fits(applications::count(&mut tx, tenant, product.id).await?, plan)?;
        if !store::insert(&mut tx, &new, now).await? {
            return Err(exists());
        }
        if let Some((ended, _)) = running {
            store::take_over_usage(&mut tx, ended, &new).await?;
        }
        self.take_up_applications(&mut tx, (tenant, product.id), new.id, now).await?;
        self.tell_services(&mut tx, tenant, new.id, &plan.code, now).await?;
        self.subscription_saved(tx, who, "subscription.create", None, new.id).await
    }

    /// The tenant's subscriptions, newest first; ended ones too.
    pub async fn list_subscriptions(&self, who: &Permitted<ViewTenant>, query: &ListQuery) -> Result<List<SubscriptionView>> {
        store::list(&self.db, Some(who.tenant_id()), query).await
    }

    pub async fn get_subscription(&self, who: &Permitted<ViewTenant>, id: SubscriptionId) -> Result<SubscriptionView> {
        store::view(&self.db, who.tenant_id(), id).await?.ok_or(Error::NotFound("subscription"))
    }

    /// Everybody's.
    pub async fn list_any_subscriptions(&self, _: &Operator, query: &ListQuery) -> Result<List<SubscriptionView>> {
        store::list(&self.db, None, query).await
    }

    /// Those of one tenant, for an operator.
    pub async fn list_any_tenant_subscriptions(&self, _: &Operator, tenant: TenantId, query: &ListQuery) -> Result<List<SubscriptionView>> {
        store::list(&self.db, Some(tenant), query).await
    }

    /// Ends a transaction that changed a subscription.
    async fn subscription_saved(
        &self,
        mut tx: Tx,
        who: &Permitted<ManageSubscriptions>,
        action: &str,
        before: Option<&SubscriptionView>,
        id: SubscriptionId,
    ) -> Result<SubscriptionView> {
        let tenant = who.tenant_id();
        tx.changed(Change::Subscription(id), self.clock.now()).await?;
        let after = store::view_within(&mut tx, tenant, id).await?.ok_or(Error::NotFound("subscription"))?;
        let name = format!("{} / {}", after.product_name, after.plan_name);
        let mut entry = Entry::new(action, ("subscription", id, &name)).tenant(tenant).after(&after);
        if let Some(before) = before {
            entry = entry.before(before);
        }
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }
}

/// The current version of a plan that can be had.
fn offered<'a>(product: &'a ProductView, code: &str) -> Result<&'a PlanView> {
    let plan = product.plans.iter().find(|plan| plan.code == code && !plan.archived);
    plan.ok_or_else(|| Error::field("plan", "unknown", format!("{} has no plan called {code}", product.name)))
}

fn terms(plan: &PlanView) -> Terms {
    Terms { version: plan.version_id, code: plan.code.clone(), interval: plan.interval, price_minor: plan.price.amount }
}

fn payment_required(plan: &PlanView, tried: bool) -> Error {
    let every = match plan.interval {
        PlanInterval::Month => "month",
        PlanInterval::Year => "year",
    };
    let tried = if tried && plan.trial_days > 0 { " Your trial of this product is used up." } else { "" };
    let detail =
        format!("{} costs {} a {every}, and payments are not taken yet.{tried} Choose a plan that costs nothing.", plan.name, plan.price);
    Error::conflict("payment_required", detail)
}

/// Whether the applications that are there fit into the plan.
fn fits(applications: i64, plan: &PlanView) -> Result<()> {
    if applications > plan.max_applications {
        let (name, most) = (&plan.name, plan.max_applications);
        let detail = format!(
            "You have {applications} applications of this product and {name} includes {most}. Delete some first, or choose a larger plan."
        );
        return Err(Error::conflict("too_many_applications", detail));
    }
    Ok(())
}
