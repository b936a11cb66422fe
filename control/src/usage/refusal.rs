//! Calls that were refused, by application and code: counted by the hour, best effort, never billed.

use std::collections::BTreeMap;

use mintreu_model::{form::usage::UsageRange, id::ApplicationId, status::UsageStep, view::RefusalCount};

use super::accept::statements;
use crate::{
    Control, Permitted, Result,
    access::ViewTenant,
    store::{execute, read},
};

/// Calls of one application that were refused for one reason.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    pub application_id: ApplicationId,
    pub code: &'static str,
    pub calls: i64,
}

impl Control {
    /// Adds refusals to those of the present hour.
    pub async fn note_refusals(&self, refused: &[Refused]) -> Result<()> {
        let hour = UsageStep::Hour.floor(self.clock.now());
        let mut sums: BTreeMap<(ApplicationId, &str), i64> = BTreeMap::new();
        for one in refused {
            *sums.entry((one.application_id, one.code)).or_default() += one.calls;
        }
        let mut tx = self.db.begin().await?;
        for rows in statements(&sums.into_iter().collect::<Vec<_>>()) {
            let sql = format!(
                "INSERT INTO usage_refusals (application_id, start, code, calls) VALUES {}
                 ON CONFLICT (application_id, start, code) DO UPDATE SET calls = usage_refusals.calls + excluded.calls",
                tx.places(rows.len(), 4)
            );
            execute!(tx, {
                let mut query = sqlx::query(&sql);
                for ((application, code), calls) in rows {
                    query = query.bind(*application).bind(hour).bind(*code).bind(*calls);
                }
                query
            })?;
        }
        tx.commit().await
    }

    /// Refused calls of one application by code, the most first. Hours that the range touches are
    /// counted whole; they are kept for a hundred days.
    pub async fn get_refusals(&self, who: &Permitted<ViewTenant>, id: ApplicationId, range: &UsageRange) -> Result<Vec<RefusalCount>> {
        self.application_of(who, id).await?;
        let span = range.resolve(self.clock.now())?;
        let rows: Vec<(String, i64)> = read!(self.db, c => sqlx::query_as(
            "SELECT code, CAST(SUM(calls) AS BIGINT) FROM usage_refusals WHERE application_id = $1 AND start >= $2 AND start < $3
             GROUP BY code ORDER BY 2 DESC, code")
            .bind(id).bind(UsageStep::Hour.floor(span.from)).bind(span.to).fetch_all(c))?;
        Ok(rows.into_iter().map(|(code, calls)| RefusalCount { code, calls }).collect())
    }
}
