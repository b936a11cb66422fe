//! GCRA for one application: `per_second` on average, `burst` at once.

use std::{
    num::NonZeroU32,
    sync::Mutex,
    sync::PoisonError,
    time::{Duration, Instant},
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

pub(crate) struct Rate {
    per_second: u32,
    burst: u32,
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    /// When the limiter last refused: one that never did can be forgotten without harm.
    refused: Mutex<Option<Instant>>,
}

impl Rate {
    /// Zeroes count as one: a plan that admits nothing is a quota of nothing.
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        let clock = DefaultClock::default();
        Self { per_second, burst, limiter: RateLimiter::direct_with_clock(quota, clock.clone()), clock, refused: Mutex::new(None) }
    }

    pub(crate) fn is_of(&self, per_second: u32, burst: u32) -> bool {
        self.per_second == per_second && self.burst == burst
    }

    pub(crate) fn is_rested(&self) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_none_or(|at| at.elapsed() > Duration::from_mins(1))
    }

    /// # Errors
    /// How long to wait until the next call is admitted.
    pub(crate) fn admit(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|refused| {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            refused.wait_time_from(self.clock.now())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_call_waits() {
        let rate = Rate::new(1, 3);
        assert!((0..3).all(|_| rate.admit().is_ok()));
        let wait = rate.admit().unwrap_err();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(500), "{wait:?}");
    }

    #[test]
    fn a_rate_of_nothing_is_one() {
        assert!(Rate::new(0, 0).admit().is_ok());
    }
}
