//! Idempotency keys of the REST API: the first request with a key is worked on, a repeat gets its
//! answer again, sealed while it is kept, for 24 hours. Who holds the row works; a key whose
//! request was cut off by a crash stays taken, since nobody knows how far it came.

use chrono::TimeDelta;

use crate::{
    Actor, Control, Error, Result,
    keyring::digest,
    store::{execute, within},
};

const LIFE: TimeDelta = TimeDelta::hours(24);

/// Hash of the request, status and sealed body of its answer.
type Kept = (Vec<u8>, Option<i64>, Option<Vec<u8>>);

/// What a request with a key is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Work, then `idempotency_finish` or `idempotency_release`.
    Fresh,
    /// Answer this again.
    Replay { status: u16, body: Vec<u8> },
}

impl Control {
    /// Takes the key for a request; `request` tells requests apart: method, path and body, hashed.
    pub async fn idempotency_begin(&self, actor: &Actor, key: &str, request: &[u8]) -> Result<Begun> {
        if key.is_empty() || key.chars().count() > 255 {
            return Err(Error::field("Idempotency-Key", "invalid", "Use 1 to 255 characters"));
        }
        let (now, hash) = (self.clock.system_now(), digest(key));
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("DELETE FROM idempotency_keys WHERE user_id = $1 AND key_hash = $2 AND expires_at <= $3")
                .bind(actor.user_id)
                .bind(&hash)
                .bind(now)
        )?;
        let fresh = execute!(
            tx,
            sqlx::query(
                "INSERT INTO idempotency_keys (user_id, key_hash, request_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (user_id, key_hash) DO NOTHING"
            )
            .bind(actor.user_id)
            .bind(&hash)
            .bind(request)
            .bind(now + LIFE)
            .bind(now)
        )?;
        if fresh == 1 {
            tx.commit().await?;
            return Ok(Begun::Fresh);
        }
        let kept: Option<Kept> = within!(tx, c => sqlx::query_as(
            "SELECT request_hash, status, response_sealed FROM idempotency_keys WHERE user_id = $1 AND key_hash = $2")
            .bind(actor.user_id).bind(&hash).fetch_optional(c))?;
        let Some((before, status, sealed)) = kept else { return Err(in_flight()) };
        if before != request {
            return Err(Error::conflict(
                "idempotency_mismatch",
                "This Idempotency-Key was used for another request within 24 hours. Use a new key.",
            ));
        }
        let (Some(status), Some(sealed)) = (status, sealed) else { return Err(in_flight()) };
        let status = u16::try_from(status).map_err(|error| Error::internal("a kept answer is damaged", error))?;
        Ok(Begun::Replay { status, body: self.keyring.open(&purpose(actor), &sealed)? })
    }

    /// Keeps the answer of a request that was worked on.
    pub async fn idempotency_finish(&self, actor: &Actor, key: &str, status: u16, body: &[u8]) -> Result<()> {
        let sealed = self.keyring.seal(&self.random, &purpose(actor), body)?;
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query(
                "UPDATE idempotency_keys SET status = $3, response_sealed = $4 WHERE user_id = $1 AND key_hash = $2 AND status IS NULL"
            )
            .bind(actor.user_id)
            .bind(digest(key))
            .bind(i64::from(status))
            .bind(sealed)
        )?;
        tx.commit().await
    }

    /// Gives the key back: the request changed nothing.
    pub async fn idempotency_release(&self, actor: &Actor, key: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("DELETE FROM idempotency_keys WHERE user_id = $1 AND key_hash = $2 AND status IS NULL")
                .bind(actor.user_id)
                .bind(digest(key))
        )?;
        tx.commit().await
    }

    /// Forgets keys that are past their time; for the periodic job.
    pub async fn prune_idempotency(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(self.clock.system_now()))?;
        tx.commit().await
    }
}

fn purpose(actor: &Actor) -> String {
    format!("idempotency {}", actor.user_id)
}

fn in_flight() -> Error {
    Error::conflict(
        "idempotency_in_flight",
        "A request with this Idempotency-Key is being worked on, or was cut off. Look whether it took effect before you use another key.",
    )
}
