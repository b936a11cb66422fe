//! SQL of notifications.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{NotificationId, TenantId, UserId},
    list::{List, ListQuery},
    view::NotificationView,
};
use sqlx::FromRow;

use crate::{
    Result,
    mail::Words,
    store::{Column, Db, Page, Placed, Sorting, Tx, execute, read},
};

#[derive(FromRow)]
struct Row {
    id: NotificationId,
    kind: String,
    subject: String,
    body: String,
    link: Option<String>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl From<Row> for NotificationView {
    fn from(row: Row) -> Self {
        let Row { id, kind, subject, body, link, created_at, read_at } = row;
        Self { id, kind, subject, text: body, link, created_at, read_at }
    }
}

const COLUMNS: &str = "n.id, n.kind, n.subject, n.body, n.link, n.created_at, r.read_at";
const OF_TENANT: &str =
    "FROM notifications n LEFT JOIN notification_reads r ON r.notification_id = n.id AND r.user_id = $2 WHERE n.tenant_id = $1";
const FILTER: &str = "AND ($3 IS NULL OR LOWER(n.subject) LIKE $3 ESCAPE '\\' OR LOWER(n.body) LIKE $3 ESCAPE '\\')
    AND ($4 IS NULL OR CASE WHEN r.read_at IS NULL THEN 'unread' ELSE 'read' END = $4)";
const SORTING: Sorting = Sorting { id: "n.id", default: Column::created("n.id"), others: &[] };

pub(super) async fn insert(tx: &mut Tx, id: NotificationId, tenant: TenantId, kind: &str, words: &Words, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query("INSERT INTO notifications (id, tenant_id, kind, subject, body, link, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(id)
            .bind(tenant)
            .bind(kind)
            .bind(&words.subject)
            .bind(&words.text)
            .bind(&words.path)
            .bind(now)
    )?;
    Ok(())
}

pub(super) async fn list(db: &Db, tenant: TenantId, user: UserId, query: &ListQuery) -> Result<List<NotificationView>> {
    let (pattern, status) = (query.pattern(), query.status());
    let total: i64 = read!(db, c => sqlx::query_scalar(&format!("SELECT CAST(COUNT(*) AS BIGINT) {OF_TENANT} {FILTER}"))
        .bind(tenant).bind(user).bind(&pattern).bind(status).fetch_one(c))?;
    let page = Page::new(db, query, &SORTING)?;
    let sql = format!("SELECT {COLUMNS}, {} {OF_TENANT} {FILTER} {}", page.place(), page.rest(5));
    let rows: Vec<Placed<Row>> = read!(db, c => sqlx::query_as(&sql)
        .bind(tenant).bind(user).bind(&pattern).bind(status).bind(&page.key).bind(page.after).bind(page.take).bind(page.skip).fetch_all(c))?;
    Ok(page.list(rows, total, Into::into))
}

pub(super) async fn get(db: &Db, tenant: TenantId, user: UserId, id: NotificationId) -> Result<Option<NotificationView>> {
    let sql = format!("SELECT {COLUMNS} {OF_TENANT} AND n.id = $3");
    let row: Option<Row> = read!(db, c => sqlx::query_as(&sql).bind(tenant).bind(user).bind(id).fetch_optional(c))?;
    Ok(row.map(Into::into))
}

pub(super) async fn count_unread(db: &Db, tenant: TenantId, user: UserId) -> Result<i64> {
    let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) {OF_TENANT} AND r.read_at IS NULL");
    read!(db, c => sqlx::query_scalar(&sql).bind(tenant).bind(user).fetch_one(c))
}

/// One, or all.
pub(super) async fn mark_read(tx: &mut Tx, tenant: TenantId, user: UserId, id: Option<NotificationId>, now: DateTime<Utc>) -> Result<()> {
    execute!(
        tx,
        sqlx::query(
            "INSERT INTO notification_reads (notification_id, user_id, read_at)
             SELECT id, $2, $4 FROM notifications WHERE tenant_id = $1 AND ($3 IS NULL OR id = $3)
             ON CONFLICT (notification_id, user_id) DO NOTHING"
        )
        .bind(tenant)
        .bind(user)
        .bind(id)
        .bind(now)
    )?;
    Ok(())
}
