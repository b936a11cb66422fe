//! SQL that reads usage. What is not summed up by the hour or day yet is read from finer sums.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use mintreu_model::{
    form::usage::Span,
    id::{ApiKeyId, ApplicationId, ProductId, TenantId},
    status::{UsageBy, UsageOf, UsageStep},
    view::{UsagePoint, UsageShare, UsageTotals},
};
use sqlx::{Decode, Postgres, Sqlite, Type};

use super::{KEEP_HOURS, KEEP_MINUTES, latency::Histogram, rollup::read_marks, sums::Of};
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

/// Interval, value broken down by, requests, errors, server errors, bytes in, bytes out, latencies.
type Row<B> = (DateTime<Utc>, B, i64, i64, i64, i64, i64, Option<String>);

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
    fn add<B>(&mut self, (_, _, requests, errors, server_errors, bytes_in, bytes_out, latency): &Row<B>) {
        self.requests += requests;
        self.errors += errors;
        self.server_errors += server_errors;
        self.bytes_in = self.bytes_in.saturating_add(*bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(*bytes_out);
        self.latency.read(latency.as_deref().unwrap_or_default());
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

/// What one point of a series stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    Step,
    /// The whole range.
    Whole,
}

/// Sums of which step to read, from when until when.
type Source = (UsageStep, DateTime<Utc>, DateTime<Utc>);

/// Hours before `hours` and days before `days` are summed up.
fn sources(span: Span, step: UsageStep, (hours, days): (DateTime<Utc>, DateTime<Utc>)) -> Vec<Source> {
    let (from, to) = (step.floor(span.from), span.to);
    let coarser: &[Source] = match step {
        UsageStep::Minute => &[(UsageStep::Minute, from, to)],
        UsageStep::Hour => &[(UsageStep::Hour, from, to.min(hours)), (UsageStep::Minute, from.max(hours), to)],
        UsageStep::Day => &[
            (UsageStep::Day, from, to.min(days)),
            (UsageStep::Hour, from.max(days), to.min(hours)),
            (UsageStep::Minute, from.max(hours), to),
        ],
    };
    coarser.iter().copied().filter(|(_, from, to)| from < to).collect()
}

/// The intervals of a source in which anything was called. Time comes first in the key of the sums:
/// what few applications called is looked up in one interval after the other.
const STARTS: &str = "WITH RECURSIVE starts (start) AS (
        SELECT MIN(start) FROM usage_rollups WHERE step = $1 AND start >= $2 AND start < $3
        UNION ALL
        SELECT (SELECT MIN(r.start) FROM usage_rollups r WHERE r.step = $1 AND r.start > starts.start AND r.start < $3)
        FROM starts WHERE starts.start IS NOT NULL)";
const OF_APPLICATIONS: &str = "FROM starts JOIN usage_rollups r ON r.step = $1 AND r.start = starts.start AND";

/// What rows are told apart by.
#[derive(Debug, Clone, Copy)]
enum By {
    Nothing,
    Route,
    Key,
    Status,
    Application,
    Tenant,
    Product,
}

impl By {
    /// As an expression over the rows of each application.
    const fn of_rollups(self) -> &'static str {
        match self {
            Self::Nothing => "''",
            Self::Route => "r.route",
            Self::Key => "r.key_id",
            Self::Status => "r.status",
            Self::Application => "r.application_id",
            Self::Tenant => "a.tenant_id",
            Self::Product => "a.product_id",
        }
    }

    /// Which sums answer it without a look at every route, key and status, and the expression over these.
    const fn of_sums(self, whose: Whose) -> Option<(Of, &'static str)> {
        match (self, whose) {
            (Self::Nothing, Whose::Application(_)) => Some((Of::Application, "''")),
            (Self::Application, Whose::Tenant(_)) => Some((Of::Application, "r.target")),
            (Self::Nothing, Whose::Tenant(_)) => Some((Of::Tenant, "''")),
            (Self::Nothing, Whose::Anybody) => Some((Of::Platform, "''")),
            (Self::Status, Whose::Anybody) => Some((Of::Status, "r.status")),
            (Self::Tenant, Whose::Anybody) => Some((Of::Tenant, "r.target")),
            (Self::Product, Whose::Anybody) => Some((Of::Product, "r.target")),
            _ => None,
        }
    }
}

/// Reads one source; a row for each interval and what is told apart.
fn select(whose: Whose, source: UsageStep, interval: Interval, by: By) -> String {
    let start = if interval == Interval::Whole { "$2" } else { "r.start" };
    if let Some((of, by)) = by.of_sums(whose).filter(|_| source != UsageStep::Minute) {
        let target = match (of, whose) {
            (Of::Application, Whose::Tenant(_)) => "r.target IN (SELECT id FROM applications WHERE tenant_id = $4)",
            (_, Whose::Application(_) | Whose::Tenant(_)) => "r.target = $4",
            (_, Whose::Anybody) => "$4 IS NULL",
        };
        return format!(
            "SELECT {start} AS interval_start, {by} AS broken_down_by, CAST(SUM(r.requests) AS BIGINT), CAST(SUM(r.errors) AS BIGINT),
                CAST(SUM(r.server_errors) AS BIGINT), CAST(SUM(r.bytes_in) AS BIGINT), CAST(SUM(r.bytes_out) AS BIGINT),
                string_agg(r.latency, '')
             FROM usage_sums r WHERE r.kind = '{}' AND r.step = $1 AND {target} AND r.start >= $2 AND r.start < $3
             GROUP BY 1, 2",
            of.as_str()
        );
    }
    let owners = if matches!(by, By::Tenant | By::Product) { "JOIN applications a ON a.id = r.application_id" } else { "" };
    let from = match whose {
        Whose::Application(_) => format!("{OF_APPLICATIONS} r.application_id = $4"),
        Whose::Tenant(_) => format!("{OF_APPLICATIONS} r.application_id IN (SELECT id FROM applications WHERE tenant_id = $4)"),
        Whose::Anybody => format!("FROM usage_rollups r {owners} WHERE r.step = $1 AND r.start >= $2 AND r.start < $3 AND $4 IS NULL"),
    };
    format!(
        "{STARTS} SELECT {start} AS interval_start, {by} AS broken_down_by,
            CAST(SUM(r.requests) AS BIGINT),
            CAST(SUM(CASE WHEN r.status >= 400 THEN r.requests ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN r.status >= 500 THEN r.requests ELSE 0 END) AS BIGINT),
            CAST(SUM(r.bytes_in) AS BIGINT), CAST(SUM(r.bytes_out) AS BIGINT), string_agg(r.latency, '')
         {from} GROUP BY 1, 2",
        by = by.of_rollups()
    )
}

async fn rows<B: Column>(db: &Db, whose: Whose, span: Span, step: UsageStep, interval: Interval, by: By) -> Result<Vec<Row<B>>> {
    let id = match whose {
        Whose::Application(id) => Some(id.0),
        Whose::Tenant(id) => Some(id.0),
        Whose::Anybody => None,
    };
    let mut found = Vec::new();
    for (source, from, to) in sources(span, step, read_marks(db).await?) {
        let sql = select(whose, source, interval, by);
        let rows: Vec<Row<B>> = read!(db, c => sqlx::query_as(&sql).bind(source.as_str()).bind(from).bind(to).bind(id).fetch_all(c))?;
        found.extend(rows.into_iter().map(|mut row| {
            row.0 = if interval == Interval::Whole { span.from } else { step.floor(row.0) };
            row
        }));
    }
    Ok(found)
}

/// One point per interval, those without calls included.
pub(crate) async fn series(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsagePoint>> {
    let mut sums: BTreeMap<DateTime<Utc>, Sums> = span.starts(step).map(|start| (start, Sums::default())).collect();
    for row in &rows::<String>(db, whose, span, step, Interval::Step, By::Nothing).await? {
        sums.entry(row.0).or_default().add(row);
    }
    Ok(sums.iter().map(|(start, sums)| sums.point(*start, None)).collect())
}

/// One point per interval and route, key or status that was used in it.
pub(crate) async fn broken_down(db: &Db, whose: Whose, span: Span, step: UsageStep, by: UsageBy) -> Result<Vec<UsagePoint>> {
    let sums = match by {
        UsageBy::Route => grouped(&rows::<String>(db, whose, span, step, Interval::Step, By::Route).await?),
        UsageBy::Key => grouped(&rows::<ApiKeyId>(db, whose, span, step, Interval::Step, By::Key).await?),
        UsageBy::Status => grouped(&rows::<i64>(db, whose, span, step, Interval::Step, By::Status).await?),
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
        UsageBy::Route => grouped(&rows::<String>(db, whose, span, step, Interval::Whole, By::Route).await?),
        UsageBy::Key => grouped(&rows::<ApiKeyId>(db, whose, span, step, Interval::Whole, By::Key).await?),
        UsageBy::Status => grouped(&rows::<i64>(db, whose, span, step, Interval::Whole, By::Status).await?),
    };
    Ok(ranked(sums))
}

/// Totals by application, the most used first.
pub(crate) async fn shares_by_application(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsageShare>> {
    Ok(ranked(grouped(&rows::<ApplicationId>(db, whose, span, step, Interval::Whole, By::Application).await?)))
}

/// Totals of everybody by tenant, product or status, the most used first.
pub(crate) async fn shares_of_anybody(db: &Db, span: Span, step: UsageStep, by: UsageOf) -> Result<Vec<UsageShare>> {
    let range = Interval::Whole;
    let sums = match by {
        UsageOf::Tenant => grouped(&rows::<TenantId>(db, Whose::Anybody, span, step, range, By::Tenant).await?),
        UsageOf::Product => grouped(&rows::<ProductId>(db, Whose::Anybody, span, step, range, By::Product).await?),
        UsageOf::Status => grouped(&rows::<i64>(db, Whose::Anybody, span, step, range, By::Status).await?),
    };
    Ok(ranked(sums))
}

fn ranked(sums: BTreeMap<(DateTime<Utc>, String), Sums>) -> Vec<UsageShare> {
    let mut shares: Vec<UsageShare> = sums.into_iter().map(|((_, by), sums)| UsageShare { by, totals: sums.totals() }).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.totals.requests));
    shares
}

pub(crate) async fn totals(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<UsageTotals> {
    let mut sums = Sums::default();
    for row in &rows::<String>(db, whose, span, step, Interval::Whole, By::Nothing).await? {
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

/// Requests of each of these tenants.
pub(crate) async fn requests_by_tenant(db: &Db, tenants: &[TenantId], span: Span) -> Result<HashMap<TenantId, i64>> {
    let places: Vec<String> = (4..).take(tenants.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "{STARTS} SELECT a.tenant_id, CAST(SUM(r.requests) AS BIGINT)
         FROM starts JOIN applications a ON a.tenant_id IN ({})
         JOIN usage_rollups r ON r.step = $1 AND r.start = starts.start AND r.application_id = a.id GROUP BY a.tenant_id",
        places.join(", ")
    );
    let mut sums = HashMap::new();
    if tenants.is_empty() {
        return Ok(sums);
    }
    for (source, from, to) in sources(span, UsageStep::Day, read_marks(db).await?) {
        let rows: Vec<(TenantId, i64)> = read!(db, c => {
            let query = sqlx::query_as(&sql).bind(source.as_str()).bind(from).bind(to);
            tenants.iter().fold(query, |query, tenant| query.bind(*tenant)).fetch_all(c)
        })?;
        for (tenant, requests) in rows {
            *sums.entry(tenant).or_default() += requests;
        }
    }
    Ok(sums)
}

/// Whether the application is the tenant's.
pub(crate) async fn is_of(db: &Db, tenant: TenantId, id: ApplicationId) -> Result<bool> {
    let found: Option<i64> = read!(db, c => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM applications WHERE tenant_id = $1 AND id = $2")
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(found.is_some())
}
