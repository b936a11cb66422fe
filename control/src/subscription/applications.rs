//! What a subscription does to its applications: ends them, takes them up again, tells their
//! services of another plan. All of it in the transaction of the change.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::id::{ApplicationId, ProductId, SubscriptionId, TenantId};
use serde_json::json;

use crate::{
    Control, Result,
    jobs::kind,
    setting,
    store::{Change, Tx, within},
};

impl Control {
    /// Suspends the applications of a subscription that ended; they are deleted after the grace.
    pub(super) async fn end_applications(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        subscription: SubscriptionId,
        ended_at: DateTime<Utc>,
    ) -> Result<Vec<ApplicationId>> {
        let grace = setting::value(&self.db, setting::APPLICATION_GRACE).await?;
        let ids: Vec<ApplicationId> = within!(tx, c => sqlx::query_scalar(
            "UPDATE applications SET delete_after = $3, updated_at = $4,
                suspended_by = CASE WHEN status = 'suspended' THEN suspended_by ELSE 'platform' END,
                status_reason = CASE WHEN status = 'suspended' THEN status_reason ELSE 'Its subscription ended. Subscribe again to take it up.' END,
                status = 'suspended'
             WHERE tenant_id = $1 AND subscription_id = $2 AND status IN ('provisioning', 'active', 'failed', 'suspended') RETURNING id")
            .bind(tenant).bind(subscription).bind(ended_at + TimeDelta::days(grace)).bind(ended_at).fetch_all(c))?;
        for &id in &ids {
            tx.changed(Change::Application(id), ended_at).await?;
        }
        Ok(ids)
    }

    /// Moves what is left of earlier subscriptions to the product to the new one. What the
    /// platform had suspended goes on; what was never ready waits for somebody to try again.
    pub(super) async fn take_up_applications(
        &self,
        tx: &mut Tx,
        (tenant, product): (TenantId, ProductId),
        subscription: SubscriptionId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let ids: Vec<ApplicationId> = within!(tx, c => sqlx::query_scalar(
            "UPDATE applications SET subscription_id = $3, updated_at = $4,
                delete_after = CASE WHEN status = 'deleting' THEN delete_after ELSE NULL END,
                status_reason = CASE WHEN status <> 'suspended' OR suspended_by <> 'platform' THEN status_reason WHEN ever_active THEN NULL
                    ELSE 'The subscription ended before it was ready. Try again.' END,
                status = CASE WHEN status <> 'suspended' OR suspended_by <> 'platform' THEN status WHEN ever_active THEN 'active' ELSE 'failed' END,
                suspended_by = CASE WHEN status = 'suspended' AND suspended_by = 'platform' THEN NULL ELSE suspended_by END
             WHERE tenant_id = $1 AND product_id = $2 AND subscription_id <> $3 AND status <> 'deleted' RETURNING id")
            .bind(tenant).bind(product).bind(subscription).bind(now).fetch_all(c))?;
        for id in ids {
            tx.changed(Change::Application(id), now).await?;
        }
        Ok(())
    }

    /// Puts a job on the queue for each application whose service keeps up with plans.
    pub(super) async fn tell_services(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        subscription: SubscriptionId,
        plan: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let ids: Vec<ApplicationId> = within!(tx, c => sqlx::query_scalar(
            "SELECT a.id FROM applications a JOIN products p ON p.id = a.product_id JOIN services e ON e.id = p.service_id
             WHERE a.tenant_id = $1 AND a.subscription_id = $2 AND e.lifecycle AND a.ever_active AND a.status IN ('active', 'suspended')")
            .bind(tenant).bind(subscription).fetch_all(c))?;
        for id in ids {
            self.enqueue(tx, kind::CHANGE_PLAN, &id.to_string(), &json!({ "plan": plan }), now).await?;
        }
        Ok(())
    }
}

/// Applications that count against the plan, of this and of earlier subscriptions to the product.
pub(super) async fn count(tx: &mut Tx, tenant: TenantId, product: ProductId) -> Result<i64> {
    within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE tenant_id = $1 AND product_id = $2 AND status NOT IN ('deleting', 'deleted')")
        .bind(tenant).bind(product).fetch_one(c))
}
