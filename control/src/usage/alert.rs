//! Tells a tenant when most of a quota is used, and when all of it is. Looks at the present period of
//! each live subscription, so that a smaller plan is noticed as well as more calls; the key of
//! `quota_alerts` decides that each is told once.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{PlanVersionId, SubscriptionId, TenantId},
    money::{Currency, Money},
    role::Permission,
};
use sqlx::FromRow;

use crate::{
    Control, Result,
    mail::letter::{self, Quota},
    store::{execute, read},
    tenant,
};

/// Percent of what a plan includes at which the tenant is told; the query has them too.
const PERCENTS: [i64; 2] = [80, 100];
/// Subscriptions of one query.
const AT_ONCE: i64 = 100;

#[derive(FromRow)]
struct Row {
    id: SubscriptionId,
    tenant_id: TenantId,
    tenant_slug: String,
    product: String,
    plan_version_id: PlanVersionId,
    plan: String,
    currency: String,
    included: i64,
    overage: Option<i64>,
    period_start: DateTime<Utc>,
    period_end: DateTime<Utc>,
    used: i64,
}

impl Row {
    fn has_reached(&self, percent: i64) -> bool {
        i128::from(self.used) * 100 >= i128::from(self.included) * i128::from(percent)
    }
}

impl Control {
    /// Tells of every quota that is reached and not told of; for the periodic job. Gives how many
    /// alerts there were.
    pub async fn alert_quotas(&self) -> Result<u64> {
        let mut told = 0;
        let mut after: Option<SubscriptionId> = None;
        loop {
            let rows: Vec<Row> = read!(self.db, c => sqlx::query_as(
                "SELECT s.id, s.tenant_id, t.slug AS tenant_slug, p.name AS product, s.plan_version_id, v.name AS plan, v.currency,
                    v.included_requests AS included, v.overage_minor_per_1000 AS overage, s.quota_period_start AS period_start,
                    s.quota_period_end AS period_end, q.used
                 FROM subscriptions s
                 JOIN plan_versions v ON v.id = s.plan_version_id
                 JOIN quota_usage q ON q.subscription_id = s.id AND q.period_start = s.quota_period_start
                 JOIN tenants t ON t.id = s.tenant_id
                 JOIN products p ON p.id = s.product_id
                 WHERE s.status IN ('trialing', 'active', 'past_due') AND ($1 IS NULL OR s.id > $1)
                    AND v.included_requests > 0 AND q.used >= v.included_requests - v.included_requests / 5
                    AND (SELECT COUNT(*) FROM quota_alerts a WHERE a.subscription_id = s.id AND a.period_start = s.quota_period_start
                        AND a.plan_version_id = s.plan_version_id) < CASE WHEN q.used >= v.included_requests THEN 2 ELSE 1 END
                 ORDER BY s.id LIMIT $2").bind(after).bind(AT_ONCE).fetch_all(c))?;
            let Some(last) = rows.last() else { return Ok(told) };
            after = Some(last.id);
            for row in &rows {
                for percent in PERCENTS.into_iter().filter(|percent| row.has_reached(*percent)) {
                    told += u64::from(self.alert_quota(row, percent).await?);
                }
            }
        }
    }

    /// False when it was told already.
    async fn alert_quota(&self, row: &Row, percent: i64) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let first = execute!(
            tx,
            sqlx::query(
                "INSERT INTO quota_alerts (subscription_id, period_start, plan_version_id, percent, created_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
            )
            .bind(row.id)
            .bind(row.period_start)
            .bind(row.plan_version_id)
            .bind(percent)
            .bind(self.clock.now())
        )?;
        if first == 0 {
            return Ok(false);
        }
        let price = |amount| Currency::from_code(&row.currency).map(|currency| Money::new(amount, currency));
        let quota = Quota {
            product: &row.product,
            plan: &row.plan,
            used: row.used,
            included: row.included,
            overage: row.overage.and_then(price),
            until: &row.period_end.format("%-d %B %Y").to_string(),
        };
        let letter = letter::quota_reached(&self.config.public_url, &row.tenant_slug, row.id, percent, quota);
        for email in tenant::store::emails_of_permitted(&mut tx, row.tenant_id, Permission::ManageSubscriptions).await? {
            self.post(&mut tx, &email, &letter).await?;
        }
        self.notify(&mut tx, row.tenant_id, &format!("quota.{percent}"), &letter).await?;
        tx.commit().await?;
        Ok(true)
    }
}
