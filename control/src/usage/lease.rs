//! Quotas among several gateways. Each takes some units for itself before it admits calls with them,
//! so that used and leased units together never are more than the plan includes. The row of the
//! period is locked while that is decided.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::id::SubscriptionId;
use uuid::Uuid;

use crate::{
    Control, Result,
    store::{execute, read, within},
};

/// A gateway that has not been heard of for so long does not make leases smaller.
pub(crate) const LIVES_FOR: TimeDelta = TimeDelta::seconds(15);

/// Units that are one gateway's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub units: i64,
    /// What is neither used nor leased after it.
    pub left: i64,
}

impl Control {
    /// Takes units of a period for a gateway: fewer the less is left and the more gateways live, so
    /// that none sits on what another needs. None when all are used or leased.
    pub async fn lease_quota(
        &self,
        replica: Uuid,
        subscription: SubscriptionId,
        period_start: DateTime<Utc>,
        included: i64,
        at_most: i64,
    ) -> Result<Lease> {
        let mut tx = self.db.begin().await?;
        let used: i64 = within!(tx, c => sqlx::query_scalar(
            "INSERT INTO quota_usage (subscription_id, period_start, used) VALUES ($1, $2, 0)
             ON CONFLICT (subscription_id, period_start) DO UPDATE SET used = quota_usage.used
             RETURNING CAST(used AS BIGINT)")
            .bind(subscription)
            .bind(period_start)
            .fetch_one(c))?;
        // A subscription that ended and the one that went on with its month share the period.
        let leased: i64 = within!(tx, c => sqlx::query_scalar(
            "SELECT CAST(COALESCE(SUM(l.units), 0) AS BIGINT) FROM subscriptions s
             JOIN subscriptions o ON o.tenant_id = s.tenant_id AND o.product_id = s.product_id
             JOIN quota_leases l ON l.subscription_id = o.id AND l.period_start = $2
             WHERE s.id = $1")
            .bind(subscription)
            .bind(period_start)
            .fetch_one(c))?;
        let replicas: i64 = within!(tx, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM replicas WHERE seen_at > $1")
            .bind(self.clock.system_now() - LIVES_FOR)
            .fetch_one(c))?;
        let left = included.saturating_sub(used).saturating_sub(leased).max(0);
        let units = (left / (2 * replicas.max(1))).max(1).min(at_most).min(left);
        if units > 0 {
            execute!(
                tx,
                sqlx::query(
                    "INSERT INTO quota_leases (subscription_id, period_start, replica, units) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (subscription_id, period_start, replica) DO UPDATE SET units = quota_leases.units + excluded.units"
                )
                .bind(subscription)
                .bind(period_start)
                .bind(replica)
                .bind(units)
            )?;
        }
        tx.commit().await?;
        Ok(Lease { units, left: left - units })
    }

    /// Takes back units that a gateway will not use. How many is asked when the database can be reached:
    /// until then the gateway may use them. One quota at a time: counting usage locks many leases, in
    /// no order.
    pub async fn return_quota(
        &self,
        replica: Uuid,
        subscription: SubscriptionId,
        period_start: DateTime<Utc>,
        units: impl FnOnce() -> i64 + Send,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query(
                "UPDATE quota_leases SET units = CASE WHEN units > $4 THEN units - $4 ELSE 0 END
                 WHERE subscription_id = $1 AND period_start = $2 AND replica = $3"
            )
            .bind(subscription)
            .bind(period_start)
            .bind(replica)
            .bind(units())
        )?;
        tx.commit().await
    }

    /// Frees everything that a gateway had leased: all that it used is counted.
    pub async fn void_leases(&self, replica: Uuid) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM quota_leases WHERE replica = $1").bind(replica))?;
        tx.commit().await
    }

    /// A gateway says that it lives.
    pub async fn replica_lives(&self, replica: Uuid) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("INSERT INTO replicas (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at")
                .bind(replica)
                .bind(self.clock.system_now())
        )?;
        tx.commit().await
    }

    /// A gateway says that it ends.
    pub async fn replica_ends(&self, replica: Uuid) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM replicas WHERE id = $1").bind(replica))?;
        tx.commit().await
    }

    /// Gateways that live.
    pub async fn live_replicas(&self) -> Result<i64> {
        read!(self.db, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM replicas WHERE seen_at > $1")
            .bind(self.clock.system_now() - LIVES_FOR)
            .fetch_one(c))
    }
}
