//! What falls due by the platform's clock, over all tenants, in bounded batches. Each subscription
//! moves in a transaction of its own that holds its row, so that two replicas never do one thing
//! twice: the second finds nothing due.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    id::{SubscriptionId, TenantId},
    role::Role,
    view::SubscriptionView,
};

use super::{
    life::{Happened, Subscription},
    store,
};
use crate::{
    Control, Error, Result,
    audit::Entry,
    mail::letter,
    setting,
    store::{Change, Tx},
    tenant,
};

const BATCH: i64 = 100;

impl Control {
    /// Ends trials and periods, cancels what was to be canceled, changes plans that wait, begins
    /// new quota months. Returns how many subscriptions moved.
    pub async fn run_due_subscriptions(&self) -> Result<usize> {
        let now = self.clock.now();
        let mut moved = 0;
        loop {
            let due = store::any_due(&self.db, now, BATCH).await?;
            if due.is_empty() {
                return Ok(moved);
            }
            let before = moved;
            for (tenant, id) in due {
                moved += usize::from(self.move_subscription(tenant, id, now).await?);
            }
            // Others took the whole batch: what is left is theirs or will be seen next time.
            if moved == before {
                return Ok(moved);
            }
        }
    }

    async fn move_subscription(&self, tenant: TenantId, id: SubscriptionId, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let Some(before) = store::lock(&mut tx, tenant, id).await? else { return Ok(false) };
        let mut after = before.clone();
        let happened = after.advance(now)?;
        if happened.is_empty() {
            return Ok(false);
        }
        let view = store::view_within(&mut tx, tenant, id).await?.ok_or(Error::NotFound("subscription"))?;
        self.write_subscription(&mut tx, &before, &after, now).await?;
        if after.ended_at.is_some() {
            self.end_applications(&mut tx, tenant, id, after.ended_at.unwrap_or(now)).await?;
        } else if after.plan.code != before.plan.code {
            self.tell_services(&mut tx, tenant, id, &after.plan.code, now).await?;
        }
        tx.changed(Change::Subscription(id), now).await?;
        self.tell_owners(&mut tx, &view, &after, &happened).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Audit entries of what happened beyond rolling, and a mail to the owners where they should act.
    async fn tell_owners(&self, tx: &mut Tx, before: &SubscriptionView, now_is: &Subscription, happened: &[Happened]) -> Result<()> {
        let after = store::view_within(tx, now_is.tenant, now_is.id).await?.ok_or(Error::NotFound("subscription"))?;
        let name = format!("{} / {}", after.product_name, after.plan_name);
        for what in happened {
            let action = match what {
                Happened::Rolled => continue,
                Happened::PlanChanged => "subscription.change_plan",
                Happened::Activated => "subscription.activate",
                Happened::Paused => "subscription.pause",
                Happened::Canceled => "subscription.cancel",
            };
            let entry = Entry::new(action, ("subscription", after.id, &name)).tenant(after.tenant).before(before).after(&after);
            self.record(tx, None, entry).await?;
        }
        let day = |at: DateTime<Utc>| at.format("%-d %B %Y").to_string();
        let text = match happened.last() {
            Some(Happened::Paused) => format!(
                "The trial of {} ended on {}. Its applications are kept, but their calls are refused. Change to a plan that costs nothing to go on.",
                after.plan_name,
                day(after.current_period_end)
            ),
            Some(Happened::Canceled) => {
                let ended_at = after.ended_at.unwrap_or(after.current_period_end);
                let until = ended_at + TimeDelta::days(setting::value(&self.db, setting::APPLICATION_GRACE).await?);
                format!(
                    "The subscription ended on {}, as was asked. Its applications are suspended and will be deleted on {}. Subscribe again before that to take them up.",
                    day(ended_at),
                    day(until)
                )
            }
            _ => return Ok(()),
        };
        let letter = letter::subscription_changed(&self.config.public_url, &after.tenant_slug, &after.product_name, &text);
        for email in tenant::store::emails_of(tx, after.tenant, Role::Owner).await? {
            self.post(tx, &email, &letter).await?;
        }
        self.notify(tx, after.tenant, "subscription", &letter).await
    }
}
