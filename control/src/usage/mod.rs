//! Usage: the gateway hands over what its journal holds, and each call is counted exactly once, into sums
//! by the minute, which become sums by the hour and the day when these are over. Everything that is
//! shown is read from these sums. Minutes are kept for three days, hours for a hundred, days for
//! good. Minutes lie packed (`minute.rs`), hours and days in `usage_rollups`: to break usage down by
//! something new, add it to `minute::Cell`, a column to the table, and both to `accept::Bucket`, to
//! `rollup.rs` and to the reads. What needs no breakdown by route or key is summed once more in `sums.rs`.

mod accept;
mod alert;
mod batch;
mod csv;
mod import;
mod latency;
mod lease;
mod minute;
mod overview;
pub(crate) mod read;
mod refusal;
mod rollup;
mod sums;

use std::sync::Arc;

pub(crate) use accept::LastUsed;
pub use batch::Batch;
pub(crate) use batch::Spare;
use chrono::{DateTime, TimeDelta, Utc};
pub use csv::{csv, shares_csv};
pub use import::Rollup;
pub(crate) use lease::LIVES_FOR;
pub use lease::Lease;
use mintreu_model::{
    form::usage::{UsageQuery, UsageRange},
    id::{ApiKeyId, ApplicationId, SegmentId, SubscriptionId},
    status::{UsageBy, UsageOf, UsageStep},
    view::{UsageSeries, UsageShare, UsageTotals},
};
use read::Whose;
pub use refusal::Refused;
use uuid::Uuid;

use crate::{
    Control, Error, Operator, Permitted, Result,
    access::ViewTenant,
    store::{execute, read},
};

/// Where records come from: a part of a file of a gateway's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub segment: SegmentId,
    /// Whose journal it is.
    pub replica: Uuid,
    /// Positions in the file.
    pub from: i64,
    pub to: i64,
}

/// What the gateway tells of one call. A call has one record that counts it, and may have another
/// that adds its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub application_id: ApplicationId,
    pub key_id: ApiKeyId,
    pub subscription_id: SubscriptionId,
    /// Beginning of the quota period that it is counted in.
    pub quota_period_start: DateTime<Utc>,
    /// Pattern of the route, not the path.
    pub route: Arc<str>,
    pub status: i64,
    pub at: DateTime<Utc>,
    pub bytes_in: i64,
    pub bytes_out: i64,
    /// Until the answer began.
    pub latency_us: i64,
    /// Whether this is the record that counts the call.
    pub counts: bool,
    /// Whether it counts towards the quota.
    pub billed: bool,
}

const KEEP_MINUTES: TimeDelta = TimeDelta::days(3);
const KEEP_HOURS: TimeDelta = TimeDelta::days(100);

impl Control {
    /// One application's usage over time.
    pub async fn get_usage(&self, who: &Permitted<ViewTenant>, id: ApplicationId, query: &UsageQuery) -> Result<UsageSeries> {
        let whose = self.application_of(who, id).await?;
        self.series(whose, query).await
    }

    /// Usage over time of all applications of the tenant.
    pub async fn get_tenant_usage(&self, who: &Permitted<ViewTenant>, query: &UsageQuery) -> Result<UsageSeries> {
        self.series(Whose::Tenant(who.tenant_id()), query).await
    }

    /// Usage over time of all tenants.
    pub async fn get_any_usage(&self, _: &Operator, query: &UsageQuery) -> Result<UsageSeries> {
        self.series(Whose::Anybody, query).await
    }

    /// Totals of all tenants.
    pub async fn get_any_usage_totals(&self, _: &Operator, range: &UsageRange) -> Result<UsageTotals> {
        let (span, now) = (range.resolve(self.clock.now())?, self.clock.now());
        read::totals(&self.db, Whose::Anybody, span, read::finest_kept(span, now)).await
    }

    /// Usage of all tenants by tenant or product (their ids) or status, the most used first.
    pub async fn get_any_usage_shares(&self, _: &Operator, range: &UsageRange, by: UsageOf) -> Result<Vec<UsageShare>> {
        let (span, now) = (range.resolve(self.clock.now())?, self.clock.now());
        read::shares_of_anybody(&self.db, span, read::finest_kept(span, now), by).await
    }

    /// One application's usage by route, key or status, the most used first.
    pub async fn get_usage_shares(
        &self,
        who: &Permitted<ViewTenant>,
        id: ApplicationId,
        range: &UsageRange,
        by: UsageBy,
    ) -> Result<Vec<UsageShare>> {
        let whose = self.application_of(who, id).await?;
        let (span, now) = (range.resolve(self.clock.now())?, self.clock.now());
        read::shares(&self.db, whose, span, read::finest_kept(span, now), by).await
    }

    /// The tenant's usage by application (its id), the most used first.
    pub async fn get_usage_by_application(&self, who: &Permitted<ViewTenant>, range: &UsageRange) -> Result<Vec<UsageShare>> {
        let (span, now) = (range.resolve(self.clock.now())?, self.clock.now());
        read::shares_by_application(&self.db, Whose::Tenant(who.tenant_id()), span, read::finest_kept(span, now)).await
    }

    /// Totals of one application, or of the whole tenant.
    pub async fn get_usage_totals(
        &self,
        who: &Permitted<ViewTenant>,
        id: Option<ApplicationId>,
        range: &UsageRange,
    ) -> Result<UsageTotals> {
        let whose = match id {
            Some(id) => self.application_of(who, id).await?,
            None => Whose::Tenant(who.tenant_id()),
        };
        let (span, now) = (range.resolve(self.clock.now())?, self.clock.now());
        read::totals(&self.db, whose, span, read::finest_kept(span, now)).await
    }

    async fn application_of(&self, who: &Permitted<ViewTenant>, id: ApplicationId) -> Result<Whose> {
        if read::is_of(&self.db, who.tenant_id(), id).await? { Ok(Whose::Application(id)) } else { Err(Error::NotFound("application")) }
    }

    async fn series(&self, whose: Whose, query: &UsageQuery) -> Result<UsageSeries> {
        let (span, step) = query.resolve(self.clock.now())?;
        let data = match query.by {
            None => read::series(&self.db, whose, span, step).await?,
            Some(by) => read::broken_down(&self.db, whose, span, step, by).await?,
        };
        Ok(UsageSeries { data })
    }

    /// Sums up hours and days that are over, and drops minutes and hours that are past their time; for
    /// the periodic job.
    pub async fn tend_usage(&self) -> Result<()> {
        self.roll_up_usage().await?;
        let now = self.clock.now();
        let (hours, days) = rollup::read_marks(&self.db).await?;
        for (step, keep, summed, drop) in [
            (UsageStep::Minute, KEEP_MINUTES, hours, "DELETE FROM usage_minutes WHERE start < $1"),
            (UsageStep::Hour, KEEP_HOURS, days, "DELETE FROM usage_rollups WHERE step = 'hour' AND start < $1"),
        ] {
            let before = step.floor(now - keep).min(summed);
            let mut tx = self.db.begin().await?;
            execute!(tx, sqlx::query(drop).bind(before))?;
            execute!(tx, sqlx::query("DELETE FROM usage_sums WHERE step = $1 AND start < $2").bind(step.as_str()).bind(before))?;
            tx.commit().await?;
        }
        let mut tx = self.db.begin().await?;
        let before = UsageStep::Hour.floor(now - KEEP_HOURS);
        execute!(tx, sqlx::query("DELETE FROM usage_refusals WHERE start < $1").bind(before))?;
        tx.commit().await
    }

    /// An empty batch.
    #[must_use]
    pub fn usage_batch(&self) -> Batch {
        self.spare_batch.take()
    }

    /// Up to where a segment is counted; 0 when nothing of it was ever offered.
    pub async fn usage_position(&self, segment: SegmentId) -> Result<i64> {
        let position: Option<i64> = read!(self.db, c => sqlx::query_scalar("SELECT position FROM usage_segments WHERE id = $1")
            .bind(segment)
            .fetch_optional(c))?;
        Ok(position.unwrap_or(0))
    }
}
