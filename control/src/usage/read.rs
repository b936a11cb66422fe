//! SQL that reads usage. What is not summed up by the hour or day yet is read from finer sums.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    form::usage::Span,
    id::{ApiKeyId, ApplicationId, ProductId, TenantId},
    status::{UsageBy, UsageOf, UsageStep},
    view::{UsagePoint, UsageShare, UsageTotals},
};
use sqlx::{Decode, Postgres, Sqlite, Type};

use super::{
    KEEP_HOURS, KEEP_MINUTES,
    accept::Sums,
    minute::{self, Minute},
    rollup::read_marks,
    sums::{Of, Sum},
};
use crate::{
    Result,
    store::{Db, read},
};

/// Minutes that are in memory at once.
const UNPACKED_AT_ONCE: TimeDelta = TimeDelta::minutes(30);

/// Whose usage is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    Application(ApplicationId),
    Tenant(TenantId),
    Anybody,
}

/// Interval, value broken down by, requests, errors, server errors, bytes in, bytes out, latencies.
type Row<B> = (DateTime<Utc>, B, i64, i64, i64, i64, i64, Option<String>);

/// Sums by interval and by what they are told apart by.
type Found = BTreeMap<(DateTime<Utc>, String), Sum>;

impl Sum {
    fn add_row<B>(&mut self, (_, _, requests, errors, server_errors, bytes_in, bytes_out, latency): &Row<B>) {
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

impl From<UsageBy> for By {
    fn from(by: UsageBy) -> Self {
        match by {
            UsageBy::Route => Self::Route,
            UsageBy::Key => Self::Key,
            UsageBy::Status => Self::Status,
        }
    }
}

impl From<UsageOf> for By {
    fn from(of: UsageOf) -> Self {
        match of {
            UsageOf::Tenant => Self::Tenant,
            UsageOf::Product => Self::Product,
            UsageOf::Status => Self::Status,
        }
    }
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
    fn of_sums(self, whose: Whose, source: UsageStep) -> Option<(Of, &'static str)> {
        let (of, expression) = match (self, whose) {
            (Self::Nothing, Whose::Application(_)) => (Of::Application, "''"),
            (Self::Application, Whose::Tenant(_)) => (Of::Application, "r.target"),
            (Self::Nothing, Whose::Tenant(_)) => (Of::Tenant, "''"),
            (Self::Nothing, Whose::Anybody) => (Of::Platform, "''"),
            (Self::Status, Whose::Anybody) => (Of::Status, "r.status"),
            (Self::Tenant, Whose::Anybody) => (Of::Tenant, "r.target"),
            (Self::Product, Whose::Anybody) => (Of::Product, "r.target"),
            _ => return None,
        };
        (source != UsageStep::Minute || of.has_minutes()).then_some((of, expression))
    }
}

/// Reads one source; a row for each interval and what is told apart.
fn select(whose: Whose, source: UsageStep, interval: Interval, by: By) -> String {
    let start = if interval == Interval::Whole { "$2" } else { "r.start" };
    if let Some((of, by)) = by.of_sums(whose, source) {
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

async fn rows<B: Column>(
    db: &Db,
    whose: Whose,
    (source, from, to): Source,
    interval: Interval,
    by: By,
    mut found: impl FnMut(&Row<B>),
) -> Result<()> {
    let id = match whose {
        Whose::Application(id) => Some(id.0),
        Whose::Tenant(id) => Some(id.0),
        Whose::Anybody => None,
    };
    let sql = select(whose, source, interval, by);
    let rows: Vec<Row<B>> = read!(db, c => sqlx::query_as(&sql).bind(source.as_str()).bind(from).bind(to).bind(id).fetch_all(c))?;
    rows.iter().for_each(&mut found);
    Ok(())
}

async fn sums(db: &Db, whose: Whose, span: Span, step: UsageStep, interval: Interval, by: By) -> Result<Found> {
    let mut sums = Found::new();
    let start = |at| if interval == Interval::Whole { span.from } else { step.floor(at) };
    for source in sources(span, step, read_marks(db).await?) {
        if source.0 == UsageStep::Minute && by.of_sums(whose, source.0).is_none() {
            of_minutes(db, whose, source, by, |at, by, status, calls| sums.entry((start(at), by)).or_default().add(status, calls)).await?;
            continue;
        }
        macro_rules! add {
            ($type:ty) => {
                rows::<$type>(db, whose, source, interval, by, |row| {
                    sums.entry((start(row.0), row.1.to_string())).or_default().add_row(row);
                })
                .await?
            };
        }
        match by {
            By::Nothing | By::Route => add!(String),
            By::Key => add!(ApiKeyId),
            By::Status => add!(i64),
            By::Application => add!(ApplicationId),
            By::Tenant => add!(TenantId),
            By::Product => add!(ProductId),
        }
    }
    Ok(sums)
}

/// Unpacks minutes, a few at a time.
async fn of_minutes(
    db: &Db,
    whose: Whose,
    (_, from, to): Source,
    by: By,
    mut found: impl FnMut(DateTime<Utc>, String, i64, &Sums),
) -> Result<()> {
    let owners: Option<HashMap<ApplicationId, (TenantId, ProductId)>> = match whose {
        Whose::Application(_) => None,
        Whose::Tenant(tenant) => Some(applications(db, Some(tenant)).await?),
        Whose::Anybody => Some(applications(db, None).await?),
    };
    let parts: Option<BTreeSet<i64>> = match whose {
        Whose::Application(id) => Some([minute::part(id)].into()),
        Whose::Tenant(_) => owners.as_ref().map(|owners| owners.keys().map(|id| minute::part(*id)).collect()),
        Whose::Anybody => None,
    };
    // Numbers of ours, in the text: the parts of a tenant are few or all.
    let of_parts = parts.map(|parts| parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let of_parts = match of_parts.as_deref() {
        Some("") => return Ok(()),
        Some(parts) => format!(" AND part IN ({parts})"),
        None => String::new(),
    };
    let sql = format!("SELECT start, sums FROM usage_minutes WHERE start >= $1 AND start < $2{of_parts}");
    let mut begin = from;
    while begin < to {
        let end = to.min(begin + UNPACKED_AT_ONCE);
        let rows: Vec<(DateTime<Utc>, Vec<u8>)> = read!(db, c => sqlx::query_as(&sql).bind(begin).bind(end).fetch_all(c))?;
        for (start, row) in rows {
            minute::unpack(start, &row, |Minute { application, key, route, status, sums, .. }| {
                let owner = match (whose, &owners) {
                    (Whose::Application(id), _) if id != application => return,
                    (_, Some(owners)) => match owners.get(&application) {
                        Some(owner) => Some(owner),
                        None => return,
                    },
                    _ => None,
                };
                let by = match by {
                    By::Nothing => String::new(),
                    By::Route => route.to_owned(),
                    By::Key => key.to_string(),
                    By::Status => status.to_string(),
                    By::Application => application.to_string(),
                    By::Tenant => owner.map(|(tenant, _)| tenant.to_string()).unwrap_or_default(),
                    By::Product => owner.map(|(_, product)| product.to_string()).unwrap_or_default(),
                };
                found(start, by, status, sums);
            })?;
        }
        begin = end;
    }
    Ok(())
}

/// Whose the applications are: all, or the tenant's.
async fn applications(db: &Db, tenant: Option<TenantId>) -> Result<HashMap<ApplicationId, (TenantId, ProductId)>> {
    let rows: Vec<(ApplicationId, TenantId, ProductId)> = match tenant {
        Some(tenant) => read!(db, c => sqlx::query_as("SELECT id, tenant_id, product_id FROM applications WHERE tenant_id = $1")
            .bind(tenant).fetch_all(c))?,
        None => read!(db, c => sqlx::query_as("SELECT id, tenant_id, product_id FROM applications").fetch_all(c))?,
    };
    Ok(rows.into_iter().map(|(id, tenant, product)| (id, (tenant, product))).collect())
}

/// One point per interval, those without calls included.
pub(crate) async fn series(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsagePoint>> {
    let mut sums = sums(db, whose, span, step, Interval::Step, By::Nothing).await?;
    Ok(span.starts(step).map(|start| sums.remove(&(start, String::new())).unwrap_or_default().point(start, None)).collect())
}

/// One point per interval and route, key or status that was used in it.
pub(crate) async fn broken_down(db: &Db, whose: Whose, span: Span, step: UsageStep, by: UsageBy) -> Result<Vec<UsagePoint>> {
    let sums = sums(db, whose, span, step, Interval::Step, by.into()).await?;
    Ok(sums.into_iter().map(|((start, by), sum)| sum.point(start, Some(by))).collect())
}

/// Totals by route, key or status, the most used first.
pub(crate) async fn shares(db: &Db, whose: Whose, span: Span, step: UsageStep, by: UsageBy) -> Result<Vec<UsageShare>> {
    Ok(ranked(sums(db, whose, span, step, Interval::Whole, by.into()).await?))
}

/// Totals by application, the most used first.
pub(crate) async fn shares_by_application(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<Vec<UsageShare>> {
    Ok(ranked(sums(db, whose, span, step, Interval::Whole, By::Application).await?))
}

/// Totals of everybody by tenant, product or status, the most used first.
pub(crate) async fn shares_of_anybody(db: &Db, span: Span, step: UsageStep, by: UsageOf) -> Result<Vec<UsageShare>> {
    Ok(ranked(sums(db, Whose::Anybody, span, step, Interval::Whole, by.into()).await?))
}

fn ranked(sums: Found) -> Vec<UsageShare> {
    let mut shares: Vec<UsageShare> = sums.into_iter().map(|((_, by), sum)| UsageShare { by, totals: sum.totals() }).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.totals.requests));
    shares
}

pub(crate) async fn totals(db: &Db, whose: Whose, span: Span, step: UsageStep) -> Result<UsageTotals> {
    let sums = sums(db, whose, span, step, Interval::Whole, By::Nothing).await?;
    Ok(sums.into_values().next().unwrap_or_default().totals())
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
    let mut requests = HashMap::new();
    if tenants.is_empty() {
        return Ok(requests);
    }
    let places: Vec<String> = (4..).take(tenants.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT target, CAST(SUM(requests) AS BIGINT) FROM usage_sums
         WHERE kind = 'tenant' AND step = $1 AND start >= $2 AND start < $3 AND target IN ({}) GROUP BY target",
        places.join(", ")
    );
    for (source, from, to) in sources(span, UsageStep::Day, read_marks(db).await?) {
        if source == UsageStep::Minute {
            let names: HashMap<String, TenantId> = tenants.iter().map(|tenant| (tenant.to_string(), *tenant)).collect();
            of_minutes(db, Whose::Anybody, (source, from, to), By::Tenant, |_, name, _, sums| {
                if let Some(tenant) = names.get(&name) {
                    *requests.entry(*tenant).or_default() += sums.requests;
                }
            })
            .await?;
            continue;
        }
        let rows: Vec<(TenantId, i64)> = read!(db, c => {
            let query = sqlx::query_as(&sql).bind(source.as_str()).bind(from).bind(to);
            tenants.iter().fold(query, |query, tenant| query.bind(*tenant)).fetch_all(c)
        })?;
        for (tenant, sum) in rows {
            *requests.entry(tenant).or_default() += sum;
        }
    }
    Ok(requests)
}

/// Whether the application is the tenant's.
pub(crate) async fn is_of(db: &Db, tenant: TenantId, id: ApplicationId) -> Result<bool> {
    let found: Option<i64> = read!(db, c => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM applications WHERE tenant_id = $1 AND id = $2")
        .bind(tenant).bind(id).fetch_optional(c))?;
    Ok(found.is_some())
}
