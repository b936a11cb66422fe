//! Forgets what is over: sessions, flashes, links, changes that every replica has seen, answers
//! kept for repeated requests, jobs that ended well.

use chrono::TimeDelta;

use super::store;
use crate::{Control, Result, store::execute};

/// The gateways look every 200 ms; an hour is for one that was frozen.
const CHANGES_KEPT: TimeDelta = TimeDelta::hours(1);
/// A segment is offered again within seconds, or when a database that was away is back, or when
/// the volume of a lost replica is brought in.
const SEGMENTS_KEPT: TimeDelta = TimeDelta::days(400);
/// Longer than any period of a quota.
const LEASES_KEPT: TimeDelta = TimeDelta::days(62);
const JOBS_KEPT: TimeDelta = TimeDelta::days(7);

pub(super) async fn run(control: &Control) -> Result<()> {
    let (now, system_now) = (control.clock.now(), control.clock.system_now());
    control.prune_sessions().await?;
    control.prune_flashes().await?;
    control.prune_idempotency().await?;
    control.db.prune_changes(now - CHANGES_KEPT).await?;
    let mut tx = control.db.begin().await?;
    execute!(tx, sqlx::query("DELETE FROM email_tokens WHERE expires_at <= $1").bind(system_now))?;
    execute!(tx, sqlx::query("DELETE FROM usage_segments WHERE accepted_at <= $1").bind(system_now - SEGMENTS_KEPT))?;
    execute!(tx, sqlx::query("DELETE FROM quota_leases WHERE units = 0 OR period_start <= $1").bind(now - LEASES_KEPT))?;
    control.prune_notifications(&mut tx).await?;
    store::prune(&mut tx, now - JOBS_KEPT).await?;
    tx.commit().await
}
