//! Calls of one subscription in one billing period. A process that is alone counts them; one of
//! several replicas takes units from the shared store first (a lease) and counts down.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::lease::Lease;
use crate::policy::QuotaGrant;

#[derive(Debug, Default)]
pub(crate) struct QuotaState {
    used: AtomicU64,
    pub(super) lease: Lease,
    /// Whether a unit was asked for since [`Self::was_idle`].
    touched: AtomicBool,
}

impl QuotaState {
    /// The control plane knows of at least this many.
    pub(super) fn seen_elsewhere(&self, used: u64) {
        self.used.fetch_max(used, Relaxed);
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// What is left of the period, as far as this process knows.
    pub(crate) fn left(&self, quota: &QuotaGrant, leased: bool) -> u64 {
        if leased && quota.hard_stop { self.lease.left_to_all() } else { quota.included.saturating_sub(self.used()) }
    }

    /// Takes one unit; `None` when there is none here and the plan stops hard.
    pub(super) fn reserve(self: &Arc<Self>, quota: &QuotaGrant, leased: bool) -> Option<Reservation> {
        let leased = leased && quota.hard_stop;
        if leased {
            if !self.touched.load(Relaxed) {
                self.touched.store(true, Relaxed);
            }
            self.lease.take()?;
        } else {
            let step = |used: u64| (!quota.hard_stop || used < quota.included).then(|| used.saturating_add(1));
            self.used.fetch_update(Relaxed, Relaxed, step).ok()?;
        }
        Some(Reservation { state: Some(Arc::clone(self)), leased })
    }

    /// Whether nothing was asked for since the last time.
    pub(super) fn was_idle(&self) -> bool {
        !self.touched.swap(false, Relaxed)
    }
}

/// One unit of a quota. Unless it is [`kept`](Self::keep) it goes back, whatever way the call ends.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation {
    state: Option<Arc<QuotaState>>,
    leased: bool,
}

impl Reservation {
    pub(crate) fn keep(mut self) {
        self.state = None;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match self.state.take() {
            Some(state) if self.leased => state.lease.add(1),
            Some(state) => {
                state.used.fetch_sub(1, Relaxed);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn quota(included: u64, hard_stop: bool) -> QuotaGrant {
        let epoch = DateTime::UNIX_EPOCH;
        QuotaGrant { period_start: epoch, period_end: epoch, included, hard_stop, used: 0 }
    }

    #[test]
    fn exactly_what_is_included_is_admitted_by_many_threads() {
        let state = Arc::new(QuotaState::default());
        let quota = quota(1_000, true);
        let admitted = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while let Some(unit) = state.reserve(&quota, false) {
                        unit.keep();
                        admitted.fetch_add(1, Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1_000);
        assert_eq!(state.used(), 1_000);
    }

    #[test]
    fn a_unit_that_is_not_kept_goes_back() {
        let state = Arc::new(QuotaState::default());
        let only = state.reserve(&quota(1, true), false).unwrap();
        assert!(state.reserve(&quota(1, true), false).is_none());
        drop(only);
        assert!(state.reserve(&quota(1, true), false).is_some());
    }

    #[test]
    fn overage_is_admitted_where_the_plan_sells_it() {
        let state = Arc::new(QuotaState::default());
        state.seen_elsewhere(5);
        state.reserve(&quota(5, false), false).unwrap().keep();
        assert_eq!(state.used(), 6);
        state.seen_elsewhere(2);
        assert_eq!(state.used(), 6);
    }
}
