//! Sessions in the platform's database: the token is kept hashed, a save never resurrects a
//! session that was revoked, and each row names its user and device so that people can see and
//! end their sessions. The server adapts this to tower-sessions.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::{
    id::{SessionId, UserId},
    view::SessionView,
};
use sqlx::FromRow;

use crate::{
    Actor, Control, Error, Result, Source,
    audit::Entry,
    store::{Db, Tx, execute, read, within},
};

/// A session as it is kept.
#[derive(Debug, Clone, FromRow)]
pub struct Stored {
    pub id: SessionId,
    pub user_id: Option<UserId>,
    /// JSON of the session's values.
    pub data: String,
    pub device: String,
    pub address: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What a request tells of the device that it comes from.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub name: String,
    pub address: Option<String>,
}

impl Control {
    /// Makes a session; false when the token is taken.
    pub async fn session_create(
        &self,
        token_hash: &[u8],
        user: Option<UserId>,
        data: &str,
        device: &Device,
        expires_at: DateTime<Utc>,
    ) -> Result<bool> {
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        let made = execute!(
            tx,
            sqlx::query(
                "INSERT INTO sessions (id, token_hash, user_id, data, device, address, created_at, last_seen_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT (token_hash) DO NOTHING"
            )
            .bind(self.id::<SessionId>())
            .bind(token_hash)
            .bind(user)
            .bind(data)
            .bind(&device.name)
            .bind(&device.address)
            .bind(now)
            .bind(expires_at)
        )?;
        tx.commit().await?;
        Ok(made == 1)
    }

    /// Updates a session that is there; false when it was revoked meanwhile.
    pub async fn session_save(&self, token_hash: &[u8], user: Option<UserId>, data: &str, expires_at: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let touched = execute!(
            tx,
            sqlx::query("UPDATE sessions SET user_id = $2, data = $3, expires_at = $4, last_seen_at = $5 WHERE token_hash = $1")
                .bind(token_hash)
                .bind(user)
                .bind(data)
                .bind(expires_at)
                .bind(self.clock.system_now())
        )?;
        tx.commit().await?;
        Ok(touched == 1)
    }

    pub async fn session_load(&self, token_hash: &[u8]) -> Result<Option<Stored>> {
        read!(self.db, c => sqlx::query_as("SELECT id, user_id, data, device, address, created_at, last_seen_at, expires_at FROM sessions WHERE token_hash = $1 AND expires_at > $2")
            .bind(token_hash).bind(self.clock.system_now()).fetch_optional(c))
    }

    pub async fn session_delete(&self, token_hash: &[u8]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash))?;
        tx.commit().await
    }

    /// Notes that a session is in use, at most once a minute, and prolongs it by as much, since
    /// sessions end when they are idle. Gives the new end to the one request that prolonged it.
    pub async fn session_seen(&self, session: &Stored) -> Option<DateTime<Utc>> {
        let now = self.clock.system_now();
        if now - session.last_seen_at < TimeDelta::minutes(1) {
            return None;
        }
        let (db, session) = (self.db.clone(), session.clone());
        self.in_passing(async move { prolong(&db, &session, now).await }).await?
    }

    /// The actor's sessions, the latest used first.
    pub async fn list_sessions(&self, actor: &Actor) -> Result<Vec<SessionView>> {
        let rows: Vec<Stored> = read!(self.db, c => sqlx::query_as(
            "SELECT id, user_id, data, device, address, created_at, last_seen_at, expires_at FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC LIMIT 100")
            .bind(actor.user_id).bind(self.clock.system_now()).fetch_all(c))?;
        let views = rows.into_iter().map(|row| SessionView {
            id: row.id,
            device: row.device,
            address: row.address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            current: actor.source == Source::Session(row.id),
        });
        Ok(views.collect())
    }

    pub async fn revoke_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let device: String = within!(tx, c => sqlx::query_scalar("DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING device")
            .bind(id).bind(actor.user_id).fetch_optional(c))?
        .ok_or(Error::NotFound("session"))?;
        self.record(&mut tx, Some(actor), Entry::new("session.revoke", ("session", id, &device))).await?;
        tx.commit().await
    }

    /// Ends every session of the actor but this one.
    pub async fn revoke_other_sessions(&self, actor: &Actor) -> Result<()> {
        let keep = match actor.source {
            Source::Session(id) => Some(id),
            Source::Token(_) | Source::Console => None,
        };
        let mut tx = self.db.begin().await?;
        revoke_all(&mut tx, actor.user_id, keep).await?;
        self.record(&mut tx, Some(actor), Entry::new("session.revoke_others", ("user", actor.user_id, &actor.email))).await?;
        tx.commit().await
    }

    pub async fn prune_sessions(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(self.clock.system_now()))?;
        tx.commit().await
    }
}

async fn prolong(db: &Db, session: &Stored, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let until = session.expires_at + (now - session.last_seen_at);
    let mut tx = db.begin().await?;
    // Of several requests at once one prolongs it.
    let touched = execute!(
        tx,
        sqlx::query("UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND last_seen_at = $4 AND expires_at = $5")
            .bind(session.id)
            .bind(now)
            .bind(until)
            .bind(session.last_seen_at)
            .bind(session.expires_at)
    )?;
    tx.commit().await?;
    Ok((touched == 1).then_some(until))
}

/// Ends all sessions of a user but `keep`.
pub(crate) async fn revoke_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<()> {
    execute!(tx, sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND ($2 IS NULL OR id <> $2)").bind(user).bind(keep))?;
    Ok(())
}
