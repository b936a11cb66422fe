//! What one page hands to the next, taken once: typed values, errors, a message, a secret that was
//! just made. So it is kept sealed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;

use crate::{
    Control, Error, Result,
    keyring::digest,
    store::{execute, within},
};

const LIFE: TimeDelta = TimeDelta::hours(1);
/// Longest text that is kept.
const LONGEST: usize = 300_000;
const PURPOSE: &str = "flash";

impl Control {
    /// Keeps a text; the answer is the token that takes it.
    pub async fn flash_put(&self, data: &str) -> Result<String> {
        let token = self.secret();
        let data = if data.len() > LONGEST { "" } else { data };
        let sealed = STANDARD.encode(self.keyring.seal(&self.random, PURPOSE, data.as_bytes())?);
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("INSERT INTO flashes (id_hash, data, expires_at) VALUES ($1, $2, $3)")
                .bind(digest(&token))
                .bind(sealed)
                .bind(self.clock.system_now() + LIFE)
        )?;
        tx.commit().await?;
        Ok(token)
    }

    /// Takes what was kept, once.
    pub async fn flash_take(&self, token: &str) -> Result<Option<String>> {
        let mut tx = self.db.begin().await?;
        let sealed: Option<String> = within!(tx, c => sqlx::query_scalar("DELETE FROM flashes WHERE id_hash = $1 AND expires_at > $2 RETURNING data")
            .bind(digest(token)).bind(self.clock.system_now()).fetch_optional(c))?;
        tx.commit().await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let sealed = STANDARD.decode(sealed).map_err(|cause| Error::internal("a flash is damaged", cause))?;
        let data = self.keyring.open(PURPOSE, &sealed)?;
        String::from_utf8(data).map(Some).map_err(|cause| Error::internal("a flash is damaged", cause))
    }

    /// Forgets what was never taken.
    pub async fn prune_flashes(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM flashes WHERE expires_at <= $1").bind(self.clock.system_now()))?;
        tx.commit().await
    }
}
