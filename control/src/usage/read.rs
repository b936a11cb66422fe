//! SQL that reads usage. Sums come by latency class; they are put together here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mintreu_model::{
    form::usage::Span,
    id::{ApiKeyId, ApplicationId, TenantId},
    status::{UsageBy, UsageStep},
    view::{UsagePoint, UsageShare, UsageTotals},
};
use sqlx::{Decode, Postgres, Sqlite, Type};

use super::{KEEP_HOURS, KEEP_MINUTES, latency::Histogram};
use crate::{
    Result,
    store::{Db, read},
};

/// Whose usage is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    Application(ApplicationId),
    Tenant(TenantId),
    Anybody,
}

/// Interval, value broken down by, latency class, requests, errors, server errors, bytes in, bytes out.
type Row<B> = (DateTime<Utc>, B, i64, i64, i64, i64, i64, i64);

#[derive(Debug, Default)]
struct Sums {
    requests: i64,
    errors: i64,
    server_errors: i64,
    bytes_in: i64,
    bytes_out: i64,
    latency: Histogram,
}

impl Sums {
    fn add<B>(&mut self, (_, _, class, requests, errors, server_errors, bytes_in, bytes_out): &Row<B>) {
        self.requests += requests;
        self.errors += errors;
        self.server_errors += server_errors;
        self.bytes_in = self.bytes_in.saturating_add(*bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(*bytes_out);
        self.latency.add(*class, *requests);
    }

    fn point(&self, start: DateTime<Utc>, by: Option<String>) -> UsagePoint {
        UsagePoint {
            start,
            by,
            requests: self.requests,
            errors: self.errors,
            server_errors: self.server_errors,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            latency_ms: self.latency.percentiles(),
        }
    }

    fn totals(&self) -> UsageTotals {
        UsageTotals {
            requests: self.requests,
            errors: self.errors,
            server_errors: self.server_errors,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            latency_ms: self.latency.percentiles(),
        }
    }
}

/// Something that a column of either database can be read as.
trait Column: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + ToString + Send + Unpin {}
impl<T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + ToString + Send + Unpin> Column for T {}

/// The whole range as one interval.
const WHOLE: &str = "$2";

/// `start` and `by` are SQL expressions of ours.
async fn rows<B: Column>(db: &Db, whose: Whose, span: Span, step: UsageStep, start: &str, by: &str) -> Result<Vec<Row<B>>> {
    let (filter, id) = match whose {
        Whose::Application(id) => ("r.application_id = $4", Some(id.0)),
        Whose::Tenant(id) => ("r.application_id IN (SELECT id FROM applications WHERE tenant_id = $4)", Some(id.0)),
        Whose::Anybody => ("$4 IS NULL", None),
    };
    let sql = format!(
        "SELECT {start} AS interval_start, {by} AS broken_down_by, r.latency_class,
            CAST(SUM(r.requests) AS BIGINT),
            CAST(SUM(CASE WHEN r.status >= 400 THEN r.requests ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN r.status >= 500 THEN r.requests ELSE 0 END) AS BIGINT),
            CAST(SUM(r.bytes_in) AS BIGINT), CAST(SUM(r.bytes_out) AS BIGINT)
         FROM usage_rollups r WHERE r.step = $1 AND r.start >= $2 AND r.start < $3 AND {filter}
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    );
    read!(db, c => sqlx::query_as(&sql).bind(step.as_str()).bind(step.floor(span.from)).bind(span.to).bind(id).fetch_all(c))
}

/// One point per interval, those without calls included.
pub(crate) async fn series(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsagePoint>> {
    let mut sums: BTreeMap<DateTime<Utc>, Sums> = span.starts(step).map(|start| (start, Sums::default())).collect();
    for row in &rows::<String>(db, whose, span, step, "r.start", "''").await? {
        sums.entry(row.0).or_default().add(row);
    }
    Ok(sums.iter().map(|(start, sums)| sums.point(*start, None)).collect())
}

/// One point per interval and route, key or status that was used in it.
pub(crate) async fn broken_down(db: &Db, whose: Whose, span: Span, step: UsageStep, by: UsageBy) -> Result<Vec<UsagePoint>> {
    let sums = match by {
        UsageBy::Route => grouped(&rows::<String>(db, whose, span, step, "r.start", "r.route").await?),
        UsageBy::Key => grouped(&rows::<ApiKeyId>(db, whose, span, step, "r.start", "r.key_id").await?),
        UsageBy::Status => grouped(&rows::<i64>(db, whose, span, step, "r.start", "r.status").await?),
    };
    Ok(sums.into_iter().map(|((start, by), sums)| sums.point(start, Some(by))).collect())
}

fn grouped<B: ToString>(rows: &[Row<B>]) -> BTreeMap<(DateTime<Utc>, String), Sums> {
    let mut sums: BTreeMap<_, Sums> = BTreeMap::new();
    for row in rows {
        sums.entry((row.0, row.1.to_string())).or_default().add(row);
    }
    sums
}

/// Totals by route, key or status, the most used first.
pub(crate) async fn shares(db: &Db, whose: Whose, span: Span, step: UsageStep, by: UsageBy) -> Result<Vec<UsageShare>> {
    let sums = match by {
        UsageBy::Route => grouped(&rows::<String>(db, whose, span, step, WHOLE, "r.route").await?),
        UsageBy::Key => grouped(&rows::<ApiKeyId>(db, whose, span, step, WHOLE, "r.key_id").await?),
        UsageBy::Status => grouped(&rows::<i64>(db, whose, span, step, WHOLE, "r.status").await?),
    };
    Ok(ranked(sums))
}

/// Totals by application, the most used first.
pub(crate) async fn shares_by_application(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsageShare>> {
    Ok(ranked(grouped(&rows::<ApplicationId>(db, whose, span, step, WHOLE, "r.application_id").await?)))
}

fn ranked(sums: BTreeMap<(DateTime<Utc>, String), Sums>) -> Vec<UsageShare> {
    let mut shares: Vec<UsageShare> = sums.into_iter().map(|((_, by), sums)| UsageShare { by, totals: sums.totals() }).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.totals.requests));
    shares
}

pub(crate) async fn totals(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<UsageTotals> {
    let mut sums = Sums::default();
    for row in &rows::<String>(db, whose, span, step, WHOLE, "''").await? {
        sums.add(row);
    }
    Ok(sums.totals())
}

/// The step that tells a range apart best, of those that are kept for all of it. Whole days are
/// read by days: the same sums from fewer rows.
pub(crate) fn finest_kept(span: Span, now: DateTime<Utc>) -> UsageStep {
    if [span.from, span.to].iter().all(|at| UsageStep::Day.floor(*at) == *at) {
        return UsageStep::Day;
    }
    let steps = [(UsageStep::Minute, KEEP_MINUTES), (UsageStep::Hour, KEEP_HOURS)];
    let legible = span.step();
    steps
        .into_iter()
        .find(|(step, keep)| now - span.from <= *keep && (*step != UsageStep::Minute || legible == UsageStep::Minute))
        .map_or(UsageStep::Day, |(step, _)| step)
}

/// Whether the application is the tenant's.
pub(crate) async fn is_of(db: &Db, tenant: TenantId, id: ApplicationId) -> Result<bool> {
    let found: Option<i64> = read!(db, c => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM applications WHERE tenant_id = $1 AND id = $2")
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(found.is_some())
}
