//! The circuit of one address: it opens after so many failures in a row, lets one call a second
//! through to find out, and closes with the first answer. Time is passed in.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::health::Millis;

/// Between two calls that are let through an open circuit.
const TRIAL_EVERY: Millis = 1_000;

#[derive(Default)]
pub(super) struct Circuit {
    /// In a row.
    failures: AtomicU32,
    /// When the next trial may go; 0: closed.
    next_trial: AtomicU64,
    /// Trials that nothing is known of yet.
    trials: AtomicU32,
}

impl Circuit {
    pub(super) fn is_closed(&self) -> bool {
        self.next_trial.load(Relaxed) == 0
    }

    pub(super) fn is_on_trial(&self) -> bool {
        self.trials.load(Relaxed) > 0
    }

    /// Takes the trial that is due, if one is; to be followed by [`Self::trial_over`].
    pub(super) fn try_trial(&self, now: Millis) -> bool {
        let due = self.next_trial.load(Relaxed);
        let taken =
            due != 0 && due <= now && self.next_trial.compare_exchange(due, now.saturating_add(TRIAL_EVERY), Relaxed, Relaxed).is_ok();
        if taken {
            self.trials.fetch_add(1, Relaxed);
        }
        taken
    }

    pub(super) fn trial_over(&self) {
        self.trials.fetch_sub(1, Relaxed);
    }

    /// Until the next trial, where the circuit is open.
    pub(super) fn wait(&self, now: Millis) -> Option<Millis> {
        let due = self.next_trial.load(Relaxed);
        (due != 0).then(|| due.saturating_sub(now))
    }

    pub(super) fn succeeded(&self) {
        // Nearly always nothing is to be written, and the line stays shared between the cores.
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
        if !self.is_closed() {
            self.next_trial.store(0, Relaxed);
        }
    }

    /// True when this failure, the `limit`th in a row, has opened it. A limit of 0 never does.
    pub(super) fn failed(&self, limit: u32, now: Millis) -> bool {
        let failures = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        limit != 0 && failures >= limit && self.next_trial.compare_exchange(0, now.saturating_add(TRIAL_EVERY), Relaxed, Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(at: Millis) -> Circuit {
        let circuit = Circuit::default();
        assert!(!circuit.failed(2, at));
        assert!(circuit.failed(2, at));
        circuit
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_between_them_starts_the_count_again() {
        let circuit = Circuit::default();
        for _ in 0..10 {
            assert!(!circuit.failed(2, 1));
            circuit.succeeded();
        }
        assert!(circuit.is_closed());
        assert!(!opened(1).is_closed());
    }

    #[test]
    fn it_never_opens_where_that_is_turned_off() {
        let circuit = Circuit::default();
        assert!((0..1_000).all(|now| !circuit.failed(0, now)));
        assert!(circuit.is_closed());
    }

    #[test]
    fn one_call_a_second_goes_through_while_it_is_open() {
        let circuit = opened(1);
        let through = (1..=10_000).filter(|now| circuit.try_trial(*now)).count();
        assert_eq!(through, 9);
        assert_eq!(circuit.wait(10_000), Some(1));
    }

    #[test]
    fn it_is_half_open_while_a_trial_is_under_way_and_closes_with_its_answer() {
        let circuit = opened(1);
        assert!(circuit.try_trial(1_001));
        assert!(circuit.is_on_trial());
        circuit.trial_over();
        circuit.failed(2, 1_500);
        assert!(!circuit.try_trial(2_000) && !circuit.is_on_trial());
        assert!(circuit.try_trial(2_001));
        circuit.trial_over();
        circuit.succeeded();
        assert!(circuit.is_closed() && !circuit.try_trial(9_999));
        assert_eq!(circuit.wait(9_999), None);
    }
}
