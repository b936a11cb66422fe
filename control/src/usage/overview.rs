//! The figures of the operator's first page.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    form::usage::Span,
    list::ListQuery,
    money::{Currency, Money, prorate},
    status::{PlanInterval, UsageStep},
    view::Overview,
};

use super::read::{self, Whose};
use crate::{
    Control, Operator, Result, audit,
    store::{Db, read},
};

impl Control {
    /// Counts, monthly worth, what needs attention, thirty days of requests, the latest changes.
    pub async fn overview(&self, _: &Operator) -> Result<Overview> {
        let now = self.clock.now();
        let (tenants, users, subscriptions, applications): (i64, i64, i64, i64) = read!(self.db, c => sqlx::query_as(
            "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM tenants),
                (SELECT CAST(COUNT(*) AS BIGINT) FROM users),
                (SELECT CAST(COUNT(*) AS BIGINT) FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid')),
                (SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE status <> 'deleted')").fetch_one(c))?;
        let (failed_applications, dead_jobs, queued_jobs): (i64, i64, i64) = read!(self.db, c => sqlx::query_as(
            "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM applications WHERE status = 'failed'),
                (SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE status = 'dead'),
                (SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE status IN ('queued', 'running'))").fetch_one(c))?;
        let recent = ListQuery { limit: Some(10), ..ListQuery::default() };
        Ok(Overview {
            tenants,
            users,
            subscriptions,
            applications,
            monthly_recurring: monthly_recurring(&self.db).await?,
            failed_applications,
            dead_jobs,
            queued_jobs,
            requests: read::series(&self.db, Whose::Anybody, thirty_days(now), UsageStep::Day).await?,
            recent: audit::store::list(&self.db, None, &recent).await?.data,
        })
    }
}

/// Today and the twenty-nine days before.
fn thirty_days(now: DateTime<Utc>) -> Span {
    let to = UsageStep::Day.floor(now) + TimeDelta::days(1);
    Span { from: to - TimeDelta::days(30), to }
}

/// Monthly worth of live paid subscriptions by currency; a yearly price counts a twelfth.
async fn monthly_recurring(db: &Db) -> Result<Vec<Money>> {
    let rows: Vec<(String, String, i64, i64)> = read!(db, c => sqlx::query_as(
        "SELECT v.currency, v.bill_interval, v.price_minor, CAST(COUNT(*) AS BIGINT)
         FROM subscriptions s JOIN plan_versions v ON v.id = s.plan_version_id
         WHERE s.status IN ('active', 'past_due') AND v.price_minor > 0
         GROUP BY v.currency, v.bill_interval, v.price_minor").fetch_all(c))?;
    let worth = |currency: Currency| {
        let amount = rows.iter().filter(|(code, ..)| code == currency.code()).fold(0_i64, |sum, (_, interval, price, count)| {
            let monthly = if interval == PlanInterval::Year.as_str() { prorate(*price, 1, 12).unwrap_or(0) } else { *price };
            sum.saturating_add(monthly.saturating_mul(*count))
        });
        Money::new(amount, currency)
    };
    Ok(Currency::ALL.into_iter().map(worth).filter(|money| money.amount > 0).collect())
}
