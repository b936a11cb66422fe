//! SQL of jobs.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::JobId,
    list::{List, ListQuery},
    status::JobStatus,
    view::JobView,
};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    Result,
    error::is_duplicate,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read, within},
};

/// A job that was leased.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Job {
    pub id: JobId,
    pub kind: String,
    pub target: String,
    pub payload: Json<Value>,
    /// This one included.
    pub attempts: i64,
    pub lease_token: Uuid,
}

pub(crate) async fn enqueue(
    tx: &mut Tx,
    id: JobId,
    kind: &str,
    target: &str,
    payload: &Value,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO jobs (id, kind, target, payload, status, run_at, created_at) VALUES ($1, $2, $3, $4, 'queued', $5, $6)
             ON CONFLICT (kind, target) WHERE status = 'queued' DO UPDATE SET attempts = 0,
                run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END"
        )
        .bind(id)
        .bind(kind)
        .bind(target)
        .bind(Json(payload))
        .bind(run_at)
        .bind(now)
    )?;
    Ok(())
}

/// Puts a job that comes round on the queue, unless it is there.
pub(crate) async fn seed(tx: &mut Tx, id: JobId, kind: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO jobs (id, kind, target, payload, status, run_at, created_at)
             SELECT $1, $2, $2, $3, 'queued', $4, $4 WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE kind = $2 AND status IN ('queued', 'running'))
             ON CONFLICT DO NOTHING"
        )
        .bind(id)
        .bind(kind)
        .bind(Json(Value::Null))
        .bind(now)
    )?;
    Ok(())
}

/// Makes waiting work of a kind due by `now` at the latest.
pub(crate) async fn due_now(tx: &mut Tx, kind: &str, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE jobs SET run_at = $2 WHERE kind = $1 AND status = 'queued' AND run_at > $2").bind(kind).bind(now))?;
    Ok(())
}

/// Leases the job that has been due longest, if any: one that waits, or whose lease ran out.
/// `now` is business time, `system_now` the time that leases are measured by.
pub(crate) async fn claim(
    db: &Db,
    token: Uuid,
    now: DateTime<Utc>,
    system_now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Job>> {
    let mut tx = db.begin().await?;
    let lock = tx.skip_locked("j");
    let claimed = within!(tx, c => sqlx::query_as(&format!(
        "UPDATE jobs SET status = 'running', lease_until = $1, lease_token = $2, attempts = attempts + 1 WHERE id = (
            SELECT j.id FROM jobs j
            WHERE ((j.status = 'queued' AND j.run_at <= $3) OR (j.status = 'running' AND j.lease_until <= $4))
              AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.target = j.target AND r.status = 'running' AND r.id <> j.id)
            ORDER BY j.run_at, j.id LIMIT 1 {lock})
         RETURNING id, kind, target, payload, attempts, lease_token"))
        .bind(lease_until).bind(token).bind(now).bind(system_now).fetch_optional(c));
    let job = match claimed {
        // Another replica took another job of the same target at this moment.
        Err(error) if is_duplicate(&error) => return Ok(None),
        other => other?,
    };
    tx.commit().await?;
    Ok(job)
}

/// Extends a lease; false when it was lost.
pub(crate) async fn extend(db: &Db, job: &Job, until: DateTime<Utc>) -> Result<bool> {
    let mut tx = db.begin().await?;
    let touched = execute!(
        tx,
        sqlx::query("UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease_token = $2 AND status = 'running'")
            .bind(job.id)
            .bind(job.lease_token)
            .bind(until)
    )?;
    tx.commit().await?;
    Ok(touched == 1)
}

/// Ends every lease, where no other process can hold one.
pub(crate) async fn end_leases(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("UPDATE jobs SET lease_until = $1 WHERE status = 'running'").bind(now))?;
    Ok(())
}

/// Ends one lease, so that the job goes on elsewhere at once.
pub(crate) async fn release(db: &Db, job: &Job, now: DateTime<Utc>) -> Result<()> {
    extend(db, job, now).await.map(drop)
}

/// Ends a job as done or dead; false when the lease was lost.
pub(crate) async fn finish(tx: &mut Tx, job: &Job, status: JobStatus, error: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE jobs SET status = $3, last_error = $4, finished_at = $5, lease_until = NULL, lease_token = NULL
             WHERE id = $1 AND lease_token = $2 AND status = 'running'"
        )
        .bind(job.id)
        .bind(job.lease_token)
        .bind(status.as_str())
        .bind(error)
        .bind(now)
    )?;
    Ok(touched == 1)
}

/// What a job that goes on later carries along.
pub(crate) struct Later<'a> {
    pub at: DateTime<Utc>,
    /// None keeps it.
    pub payload: Option<&'a Value>,
    pub attempts: i64,
    pub error: Option<&'a str>,
}

/// Puts a running job back on the queue; false when the lease was lost. A twin that was enqueued
/// meanwhile is absorbed: jobs look at how things are, not at who asked.
pub(crate) async fn requeue(tx: &mut Tx, job: &Job, later: &Later<'_>) -> Result<bool> {
    execute!(
        tx,
        sqlx::query("DELETE FROM jobs WHERE kind = $1 AND target = $2 AND status = 'queued' AND id <> $3")
            .bind(&job.kind)
            .bind(&job.target)
            .bind(job.id)
    )?;
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE jobs SET status = 'queued', run_at = $3, payload = COALESCE($4, payload), attempts = $5, last_error = $6,
                lease_until = NULL, lease_token = NULL
             WHERE id = $1 AND lease_token = $2 AND status = 'running'"
        )
        .bind(job.id)
        .bind(job.lease_token)
        .bind(later.at)
        .bind(later.payload.map(Json))
        .bind(later.attempts)
        .bind(later.error)
    )?;
    Ok(touched == 1)
}

/// Makes a dead or waiting job due now; false when it is neither. `anew` drops what a dead one
/// carries.
pub(crate) async fn retry(tx: &mut Tx, id: JobId, anew: bool, now: DateTime<Utc>) -> Result<bool> {
    let touched = execute!(
        tx,
        sqlx::query(
            "UPDATE jobs SET payload = CASE WHEN status = 'dead' THEN COALESCE($3, payload) ELSE payload END, status = 'queued', run_at = $2, attempts = 0,
                finished_at = NULL
             WHERE id = $1 AND status IN ('dead', 'queued')"
        )
        .bind(id)
        .bind(now)
        .bind(anew.then_some(Json(Value::Null)))
    )?;
    Ok(touched == 1)
}

/// Takes a job that waits or is dead off the queue; whether there was one, or one is under way.
pub(crate) async fn withdraw(tx: &mut Tx, kind: &str, target: &str) -> Result<bool> {
    let withdrawn = execute!(
        tx,
        sqlx::query("DELETE FROM jobs WHERE kind = $1 AND target = $2 AND status IN ('queued', 'dead')").bind(kind).bind(target)
    )?;
    // Asked after: one that was taken up meanwhile is seen here.
    let left: i64 = within!(tx, c => sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE kind = $1 AND target = $2 AND status <> 'done'")
        .bind(kind).bind(target).fetch_one(c))?;
    Ok(withdrawn > 0 || left > 0)
}

/// Sets what a job that waits carries.
pub(crate) async fn set_payload(tx: &mut Tx, kind: &str, target: &str, payload: &Value) -> Result<()> {
    execute!(
        tx,
        sqlx::query("UPDATE jobs SET payload = $3 WHERE kind = $1 AND target = $2 AND status = 'queued'")
            .bind(kind)
            .bind(target)
            .bind(Json(payload))
    )?;
    Ok(())
}

/// Forgets jobs that ended well before `before`.
pub(crate) async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM jobs WHERE status = 'done' AND finished_at < $1").bind(before))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: JobId,
    kind: String,
    target: String,
    #[sqlx(try_from = "String")]
    status: JobStatus,
    attempts: i64,
    last_error: Option<String>,
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for JobView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            target: row.target,
            status: row.status,
            attempts: row.attempts,
            last_error: row.last_error,
            run_at: row.run_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

const COLUMNS: &str = "id, kind, target, status, attempts, last_error, run_at, created_at, finished_at";

const SORTING: Sorting = Sorting {
    id: "id",
    default: Column::created("id"),
    others: &[
        Column::text("kind", "kind"),
        Column::time("due", "run_at"),
        Column::text("status", "status"),
        Column::whole("attempts", "attempts"),
    ],
};

pub(crate) async fn get(db: &Db, id: JobId) -> Result<Option<JobView>> {
    let row: Option<Row> = read!(db, c => sqlx::query_as(&format!("SELECT {COLUMNS} FROM jobs WHERE id = $1")).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

const FILTER: &str = "WHERE ($1 IS NULL OR LOWER(kind) LIKE $1 ESCAPE '\\' OR target LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR status = $2)";

/// Those of the list that failed, for good or until now, oldest first.
pub(crate) async fn failed(db: &Db, query: &ListQuery) -> Result<Vec<JobId>> {
    read!(db, c => sqlx::query_scalar(&format!("SELECT id FROM jobs {FILTER} AND (status = 'dead' OR (status = 'queued' AND attempts > 0)) ORDER BY id"))
        .bind(query.pattern()).bind(query.status()).fetch_all(c))
}

pub(crate) async fn list(db: &Db, query: &ListQuery) -> Result<List<JobView>> {
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM jobs {FILTER}"))
        .bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&format!("SELECT {COLUMNS}, {} FROM jobs {FILTER} {}", page.place(), page.rest(3)))
        .bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

pub(crate) async fn count_dead(db: &Db) -> Result<i64> {
    read!(db, c => sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE status = 'dead'").fetch_one(c))
}
