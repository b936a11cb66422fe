//! How often a service may be asked again: for a fifth of its calls and ten more, in each window
//! of ten seconds, so that a service in trouble is not given twice the work. Only a call that has
//! failed comes here.

use std::sync::{Mutex, PoisonError};

use super::health::Millis;

const WINDOW: Millis = 10_000;
const FREE: u64 = 10;

#[derive(Default)]
pub(crate) struct Budget(Mutex<Window>);

#[derive(Default)]
struct Window {
    began: Millis,
    /// The count of requests at that time.
    requests: u64,
    retries: u64,
}

impl Budget {
    /// Takes one retry; `requests` is the count of requests so far.
    pub(super) fn take(&self, requests: u64, now: Millis) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.began.saturating_add(WINDOW) <= now {
            *window = Window { began: now, requests, retries: 0 };
        }
        let within = window.retries < FREE + requests.saturating_sub(window.requests) / 5;
        window.retries += u64::from(within);
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_service_gets_a_fifth_more_work_and_not_twice_as_much() {
        let budget = Budget::default();
        // A call in every millisecond, all of which fail.
        let retries = (1..=30_000).filter(|now| budget.take(*now, 20_000 + *now)).count();
        assert!((6_000..=6_040).contains(&retries), "{retries}");
    }

    #[test]
    fn a_quiet_service_may_always_be_asked_again() {
        let budget = Budget::default();
        assert!((1..100).all(|call| budget.take(call, 20_000 + call * 2_000)));
    }
}
