//! GCRA for one application: `per_second` on average, `burst` at once. All there is to know is when
//! the calls that were admitted are worked off at that rate ("due").

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use mintreu_model::id::ApplicationId;

const SECOND: u64 = 1_000_000_000;

pub(crate) struct Rate {
    pub(super) application: ApplicationId,
    per_second: u32,
    burst: u32,
    /// Nanoseconds that one call adds.
    step: u64,
    /// Nanoseconds that due may be ahead.
    room: u64,
    born: Instant,
    /// In nanoseconds since `born`.
    due: AtomicU64,
}

impl Rate {
    /// Zeroes count as one: a plan that admits nothing is a quota of nothing.
    pub(crate) fn new(application: ApplicationId, per_second: u32, burst: u32) -> Self {
        let (rate, calls) = (u64::from(per_second.max(1)), u64::from(burst.max(1)));
        Self {
            application,
            per_second,
            burst,
            step: (SECOND / rate).max(1),
            room: calls * SECOND / rate,
            born: Instant::now(),
            due: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_of(&self, per_second: u32, burst: u32) -> bool {
        self.per_second == per_second && self.burst == burst
    }

    /// Whether it admits what a new one would.
    pub(crate) fn is_rested(&self) -> bool {
        self.due() <= self.now()
    }

    fn due(&self) -> u64 {
        self.due.load(Relaxed)
    }

    /// Admits one call of one of `replicas` that cannot ask each other: each counts its own calls for
    /// the others' too, so that all together admit what one would.
    ///
    /// # Errors
    /// How long to wait until the next call is admitted.
    pub(crate) fn admit(&self, replicas: u32) -> Result<(), Duration> {
        let now = self.now();
        let step = self.step.saturating_mul(u64::from(replicas));
        let end = now.saturating_add(self.room.max(step));
        let next = |due: u64| Some(due.max(now).saturating_add(step)).filter(|next| *next <= end);
        self.due.fetch_update(Relaxed, Relaxed, next).map(|_| ()).map_err(|due| wait(due.saturating_add(step), end))
    }

    /// What another call would be told, as far as is known here.
    pub(super) fn look(&self) -> Result<(), Duration> {
        let now = self.now();
        let (next, end) = (self.due.load(Relaxed).max(now).saturating_add(self.step), now.saturating_add(self.room.max(self.step)));
        if next <= end { Ok(()) } else { Err(wait(next, end)) }
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// How far due is ahead of `now`.
    pub(super) fn ahead(&self, now: u64) -> Duration {
        Duration::from_nanos(self.due.load(Relaxed).saturating_sub(now))
    }

    /// At `now`, due was at least so far ahead.
    pub(super) fn learn(&self, now: u64, ahead: Duration) {
        let ahead = u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX);
        self.due.fetch_max(now.saturating_add(ahead), Relaxed);
    }

    pub(super) fn per_second(&self) -> u32 {
        self.per_second.max(1)
    }

    pub(super) fn burst(&self) -> u32 {
        self.burst.max(1)
    }
}

fn wait(next: u64, end: u64) -> Duration {
    Duration::from_nanos(next.saturating_sub(end).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate::new(ApplicationId(uuid::Uuid::from_u128(1)), per_second, burst)
    }

    /// How many pass at once.
    fn at_once(rate: &Rate, replicas: u32) -> usize {
        (0..1_000).take_while(|_| rate.admit(replicas).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_the_next_call_waits() {
        let rate = rate(1, 3);
        assert_eq!(at_once(&rate, 1), 3);
        let wait = rate.admit(1).unwrap_err();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(500), "{wait:?}");
        assert_eq!(rate.look().is_ok(), rate.admit(1).is_ok());
    }

    #[test]
    fn a_rate_of_nothing_is_one() {
        assert_eq!(at_once(&rate(0, 0), 1), 1);
    }

    #[test]
    fn what_was_admitted_is_worked_off_at_the_rate() {
        let rate = rate(1_000, 5);
        let began = Instant::now();
        let mut admitted = 0;
        while began.elapsed() < Duration::from_millis(200) {
            admitted += u32::from(rate.admit(1).is_ok());
        }
        let most = 5.0 + 1_000.0 * began.elapsed().as_secs_f64();
        assert!(f64::from(admitted) <= most && admitted >= 150, "{admitted} of {most}");
    }

    #[test]
    fn replicas_that_are_cut_off_admit_together_what_one_would() {
        let replicas: Vec<_> = (0..4).map(|_| rate(1, 40)).collect();
        assert!(replicas.iter().all(|replica| at_once(replica, 4) == 10));
        assert_eq!(at_once(&rate(1, 2), 4), 1, "none is left with nothing");
    }

    #[test]
    fn what_is_learned_of_others_is_not_admitted_again() {
        let rate = rate(1, 10);
        rate.learn(rate.now(), Duration::from_secs(6));
        assert_eq!(rate.ahead(rate.now()).as_secs(), 5);
        assert_eq!(at_once(&rate, 1), 4);
        assert!(!rate.is_rested());
        rate.learn(rate.now(), Duration::ZERO);
        assert!(rate.look().is_err());
    }

    #[test]
    fn the_highest_numbers_are_counted_too() {
        assert_eq!(at_once(&rate(u32::MAX, u32::MAX), 1), 1_000);
    }
}
