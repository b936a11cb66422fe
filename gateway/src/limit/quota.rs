//! Calls of one subscription in one billing period, counted exactly in this process.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::policy::QuotaGrant;

#[derive(Debug, Default)]
pub(crate) struct QuotaState {
    used: AtomicU64,
}

impl QuotaState {
    /// The control plane knows of at least this many.
    pub(super) fn seen_elsewhere(&self, used: u64) {
        self.used.fetch_max(used, Ordering::Relaxed);
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes one unit; `None` when the period has none left and the plan stops hard.
    pub(crate) fn reserve(self: &Arc<Self>, quota: &QuotaGrant) -> Option<Reservation> {
        let step = |used: u64| (!quota.hard_stop || used < quota.included).then(|| used.saturating_add(1));
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).ok()?;
        Some(Reservation(Some(Arc::clone(self))))
    }
}

/// One unit of a quota. Unless it is [`kept`](Self::keep) it goes back, whatever way the call ends.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation(Option<Arc<QuotaState>>);

impl Reservation {
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            state.used.fetch_sub(1, Ordering::Relaxed);
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
                    while let Some(unit) = state.reserve(&quota) {
                        unit.keep();
                        admitted.fetch_add(1, Ordering::Relaxed);
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
        let only = state.reserve(&quota(1, true)).unwrap();
        assert!(state.reserve(&quota(1, true)).is_none());
        drop(only);
        assert!(state.reserve(&quota(1, true)).is_some());
    }

    #[test]
    fn overage_is_admitted_where_the_plan_sells_it() {
        let state = Arc::new(QuotaState::default());
        state.seen_elsewhere(5);
        state.reserve(&quota(5, false)).unwrap().keep();
        assert_eq!(state.used(), 6);
        state.seen_elsewhere(2);
        assert_eq!(state.used(), 6);
    }
}
