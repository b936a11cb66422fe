//! SQL of mail.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::MailId,
    list::{List, ListQuery},
    status::MailStatus,
    view::MailView,
};
use sqlx::FromRow;

use super::Letter;
use crate::{
    Result,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read},
};

pub(crate) async fn insert(tx: &mut Tx, id: MailId, to: &str, letter: &Letter, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO mails (id, recipient, subject, body_text, body_html, status, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        )
        .bind(id)
        .bind(to)
        .bind(&letter.subject)
        .bind(letter.text())
        .bind(letter.html())
        .bind(MailStatus::Queued.as_str())
        .bind(now)
    )?;
    Ok(())
}

#[derive(FromRow)]
pub(crate) struct Row {
    pub id: MailId,
    pub recipient: String,
    pub subject: String,
    pub body_text: String,
    pub body_html: String,
    #[sqlx(try_from = "String")]
    status: MailStatus,
    error: Option<String>,
    pub created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl From<Row> for MailView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            to: row.recipient,
            subject: row.subject,
            text: row.body_text,
            status: row.status,
            error: row.error,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

pub(crate) async fn get(db: &Db, id: MailId) -> Result<Option<MailView>> {
    let row: Option<Row> = read!(db, c => sqlx::query_as("SELECT * FROM mails WHERE id = $1").bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

const FILTER: &str = "FROM mails WHERE ($1 IS NULL OR LOWER(recipient) LIKE $1 ESCAPE '\\' OR LOWER(subject) LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR status = $2)";

const SORTING: Sorting = Sorting { id: "id", default: Column::created("id"), others: &[] };

pub(crate) async fn list(db: &Db, query: &ListQuery) -> Result<List<MailView>> {
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 =
        read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {FILTER}")).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&format!("SELECT mails.*, {} {FILTER} {}", page.place(), page.rest(3)))
        .bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

/// Mail that waits to be sent, or that was tried and waits to be tried again; oldest first.
pub(crate) async fn queued(db: &Db, tried: bool, limit: i64) -> Result<Vec<Row>> {
    read!(db, c => sqlx::query_as("SELECT * FROM mails WHERE status = $1 AND (error IS NOT NULL) = $2 ORDER BY id LIMIT $3").bind(MailStatus::Queued.as_str()).bind(tried).bind(limit).fetch_all(c))
}

/// Moves a queued mail on; false when another replica did it first.
pub(crate) async fn settle(db: &Db, id: MailId, status: MailStatus, error: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = db.begin().await?;
    let touched = execute!(
        tx,
        sqlx::query("UPDATE mails SET status = $2, error = $3, sent_at = $4 WHERE id = $1 AND status = $5")
            .bind(id)
            .bind(status.as_str())
            .bind(error)
            .bind(matches!(status, MailStatus::Sent).then_some(now))
            .bind(MailStatus::Queued.as_str())
    )?;
    tx.commit().await?;
    Ok(touched == 1)
}
