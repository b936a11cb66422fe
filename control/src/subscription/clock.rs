//! The test clock: how far business time is ahead of the system's, kept in the database so that
//! it survives a restart and replicas agree.

use chrono::{DateTime, Utc};

use crate::{
    Control, Error, Operator, Result,
    audit::Entry,
    store::{read, within},
};

const TEN_YEARS: i64 = 3653 * 86_400;

impl Control {
    /// Business time.
    #[must_use]
    pub fn clock_now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Takes over how far the test clock was moved; at start, and every few seconds on replicas.
    /// Without the test clock business time is the system's.
    pub async fn load_clock(&self) -> Result<()> {
        if self.config.test_clock {
            let ahead: i64 = read!(self.db, c => sqlx::query_scalar("SELECT ahead_seconds FROM test_clock WHERE id = 1").fetch_one(c))?;
            // It may have been moved further since it was read.
            self.clock.move_ahead_to(ahead);
        } else {
            self.clock.set_ahead_seconds(0);
        }
        Ok(())
    }

    /// Moves business time forward and runs everything that falls due; zero reads it. Time never
    /// goes back.
    pub async fn advance_clock(&self, who: &Operator, seconds: i64) -> Result<DateTime<Utc>> {
        if !self.config.test_clock {
            return Err(Error::NotFound("page"));
        }
        if !(0..=TEN_YEARS).contains(&seconds) {
            return Err(Error::field("advance_seconds", "out_of_range", format!("Choose a number from 0 to {TEN_YEARS}")));
        }
        if seconds > 0 {
            let mut tx = self.db.begin().await?;
            let ahead: i64 = within!(tx, c => sqlx::query_scalar(
                "UPDATE test_clock SET ahead_seconds = ahead_seconds + $1 WHERE id = 1 RETURNING ahead_seconds").bind(seconds).fetch_one(c))?;
            let entry = Entry::new("clock.advance", ("clock", "business", "Business time")).before(ahead - seconds).after(ahead);
            self.record(&mut tx, Some(who.actor()), entry).await?;
            tx.commit().await?;
            self.clock.move_ahead_to(ahead);
        }
        self.run_due_subscriptions().await?;
        self.run_due_jobs().await?;
        Ok(self.clock.now())
    }
}
