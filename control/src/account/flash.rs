//! What one page hands to the next, taken once: typed values, errors, a message.

use chrono::TimeDelta;

use crate::{
    Control, Result,
    keyring::digest,
    store::{execute, within},
};

const LIFE: TimeDelta = TimeDelta::hours(1);
/// Longest text that is kept.
const LONGEST: usize = 300_000;

impl Control {
    /// Keeps a text; the answer is the token that takes it.
    pub async fn flash_put(&self, data: &str) -> Result<String> {
        let token = self.secret();
        let data = if data.len() > LONGEST { "" } else { data };
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("INSERT INTO flashes (id_hash, data, expires_at) VALUES ($1, $2, $3)")
                .bind(digest(&token))
                .bind(data)
                .bind(self.clock.system_now() + LIFE)
        )?;
        tx.commit().await?;
        Ok(token)
    }

    /// Takes what was kept, once.
    pub async fn flash_take(&self, token: &str) -> Result<Option<String>> {
        let mut tx = self.db.begin().await?;
        let data = within!(tx, c => sqlx::query_scalar("DELETE FROM flashes WHERE id_hash = $1 AND expires_at > $2 RETURNING data")
            .bind(digest(token)).bind(self.clock.system_now()).fetch_optional(c))?;
        tx.commit().await?;
        Ok(data)
    }

    /// Forgets what was never taken.
    pub async fn prune_flashes(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(tx, sqlx::query("DELETE FROM flashes WHERE expires_at <= $1").bind(self.clock.system_now()))?;
        tx.commit().await
    }
}
