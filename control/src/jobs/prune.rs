//! Forgets what is over: sessions, flashes, links, changes that every replica has seen, answers
//! kept for repeated requests, jobs that ended well.

use chrono::TimeDelta;

use super::store;
use crate::{Control, Result, store::execute};

/// The gateways look every 200 ms; an hour is for one that was frozen.
const CHANGES_KEPT: TimeDelta = TimeDelta::hours(1);
const JOBS_KEPT: TimeDelta = TimeDelta::days(7);

pub(super) async fn run(control: &Control) -> Result<()> {
    let (now, system_now) = (control.clock.now(), control.clock.system_now());
    control.prune_sessions().await?;
    control.prune_flashes().await?;
    control.db.prune_changes(now - CHANGES_KEPT).await?;
    let mut tx = control.db.begin().await?;
    execute!(tx, sqlx::query("DELETE FROM email_tokens WHERE expires_at <= $1").bind(system_now))?;
    execute!(tx, sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(system_now))?;
    store::prune(&mut tx, now - JOBS_KEPT).await?;
    tx.commit().await
}
