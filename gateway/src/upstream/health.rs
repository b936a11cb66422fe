//! What is known of one address: calls under way, how quickly it answers, faults in a row, what
//! its health checks said. Shared by all workers and kept when the catalogue changes. Reading it
//! takes no lock; the lock inside is for faults, checks and reports. Time is passed in.

use std::{
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use mintreu_model::{status::AddressState, view::HealthView};
use tokio::time::Instant;

use super::circuit::Circuit;
use crate::policy::HealthPolicy;

/// Milliseconds on the process's own clock; never 0, which stands for "not at all".
pub(super) type Millis = u64;

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(super) fn millis(at: Instant) -> Millis {
    in_millis(at.saturating_duration_since(*BEGIN)).saturating_add(1)
}

pub(super) fn in_millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Faults in a row after which an address is left alone for a while.
const EJECT_AFTER: u32 = 3;
const LONGEST_EJECTION: Millis = 300_000;
/// A latency counts half after this time, so that an address that was slow is tried again.
const HALF_LIFE: Millis = 5_000;

#[derive(Default)]
pub(crate) struct Health {
    pub(super) in_flight: AtomicU32,
    /// Moving average of the time to the first byte; 0: nothing measured.
    latency_us: AtomicU64,
    measured_at: AtomicU64,
    pub(super) circuit: Circuit,
    /// In a row: no answer, or that of a gateway whose service is gone.
    faults: AtomicU32,
    /// 0: not ejected.
    ejected_until: AtomicU64,
    /// By its health checks.
    unhealthy: AtomicBool,
    pub(super) next_check: AtomicU64,
    pub(super) failures_total: AtomicU64,
    pub(super) ejections_total: AtomicU64,
    record: Mutex<Record>,
}

/// Which checks a check belongs to; see [`Health::is_not_checked`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Checks(u64);

#[derive(Default)]
struct Record {
    checks: Checks,
    /// How often it was ejected lately: the next time lasts longer.
    ejections: u32,
    passed: u32,
    missed: u32,
    last_error: Option<(String, DateTime<Utc>)>,
    last_check: Option<(String, DateTime<Utc>)>,
}

fn system_now() -> DateTime<Utc> {
    SystemTime::now().into()
}

impl Health {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_ejected(&self, now: Millis) -> bool {
        self.ejected_until.load(Relaxed) > now
    }

    pub(super) fn is_unhealthy(&self) -> bool {
        self.unhealthy.load(Relaxed)
    }

    /// Whether calls go to it without a second thought.
    pub(super) fn is_available(&self, now: Millis) -> bool {
        self.circuit.is_closed() && !self.is_unhealthy() && !self.is_ejected(now)
    }

    /// What one more call here would cost; `None` before anything was measured.
    pub(super) fn cost(&self, now: Millis) -> Option<u64> {
        let age = now.saturating_sub(self.measured_at.load(Relaxed)) / HALF_LIFE;
        let latency = self.latency_us.load(Relaxed) >> age.min(63);
        (latency > 0).then(|| latency.saturating_mul(u64::from(self.in_flight.load(Relaxed)) + 1))
    }

    /// Two workers may write over each other: one sample more or less is no matter.
    pub(super) fn measured(&self, latency: Duration, now: Millis) {
        let sample = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        let average = self.latency_us.load(Relaxed);
        let next = if average == 0 { sample } else { average - average / 8 + sample / 8 };
        self.latency_us.store(next.max(1), Relaxed);
        self.measured_at.store(now, Relaxed);
    }

    pub(super) fn well(&self) {
        if self.faults.load(Relaxed) != 0 {
            self.faults.store(0, Relaxed);
        }
    }

    /// Notes a fault; true when it is one too many and the address should be ejected.
    pub(super) fn fault(&self, what: String, now: Millis) -> bool {
        self.failures_total.fetch_add(1, Relaxed);
        self.record().last_error = Some((what, system_now()));
        self.faults.fetch_add(1, Relaxed).saturating_add(1) >= EJECT_AFTER && !self.is_ejected(now)
    }

    /// Leaves the address alone for `base`, and longer the more often it happens; each quiet
    /// minute is forgiven one time.
    pub(super) fn eject(&self, base: Duration, now: Millis) -> Millis {
        let mut record = self.record();
        let quiet = now.saturating_sub(self.ejected_until.load(Relaxed)) / 60_000;
        record.ejections = record.ejections.saturating_sub(u32::try_from(quiet).unwrap_or(u32::MAX));
        let time = in_millis(base).saturating_mul(1 << record.ejections.min(16)).min(LONGEST_EJECTION);
        record.ejections = record.ejections.saturating_add(1);
        self.ejected_until.store(now.saturating_add(time), Relaxed);
        self.ejections_total.fetch_add(1, Relaxed);
        time
    }

    /// Asked before a check begins.
    pub(super) fn checks(&self) -> Checks {
        self.record().checks
    }

    /// Takes in what a health check found. Where checks have ended since it began, it decides nothing.
    pub(super) fn checked(&self, checks: Checks, policy: Option<&HealthPolicy>, outcome: &Result<String, String>) {
        let mut record = self.record();
        let (Ok(detail) | Err(detail)) = outcome;
        record.last_check = Some((detail.clone(), system_now()));
        let Some(policy) = policy.filter(|_| record.checks == checks) else { return };
        if outcome.is_ok() {
            (record.passed, record.missed) = (record.passed.saturating_add(1), 0);
            if self.is_unhealthy() && record.passed >= policy.healthy_after {
                self.unhealthy.store(false, Relaxed);
                // It was away and is back: no need to wait for the end of the ejection.
                self.ejected_until.store(0, Relaxed);
            }
        } else {
            (record.missed, record.passed) = (record.missed.saturating_add(1), 0);
            record.last_error = Some((format!("Health check: {detail}"), system_now()));
            if record.missed >= policy.unhealthy_after {
                self.unhealthy.store(true, Relaxed);
            }
        }
    }

    /// Without health checks nothing would ever say that it is well again.
    pub(crate) fn is_not_checked(&self) {
        let mut record = self.record();
        record.checks.0 += 1;
        (record.passed, record.missed) = (0, 0);
        self.unhealthy.store(false, Relaxed);
    }

    pub(super) fn state(&self, now: Millis) -> AddressState {
        if !self.circuit.is_closed() {
            return if self.circuit.is_on_trial() { AddressState::HalfOpen } else { AddressState::Open };
        }
        if self.is_unhealthy() {
            AddressState::Unhealthy
        } else if self.is_ejected(now) {
            AddressState::Ejected
        } else if self.measured_at.load(Relaxed) == 0 && self.record().last_check.is_none() {
            AddressState::Unknown
        } else {
            AddressState::Healthy
        }
    }

    pub(super) fn latency(&self) -> Option<Duration> {
        Some(self.latency_us.load(Relaxed)).filter(|latency| *latency > 0).map(Duration::from_micros)
    }

    pub(super) fn view(&self, base_url: String, now: Millis) -> HealthView {
        let state = self.state(now);
        let record = self.record();
        let (last_error, last_error_at) = record.last_error.clone().unzip();
        let (last_check, checked_at) = record.last_check.clone().unzip();
        HealthView {
            base_url,
            state,
            in_flight: i64::from(self.in_flight.load(Relaxed)),
            latency_us: self.latency().and_then(|latency| i64::try_from(latency.as_micros()).ok()),
            last_error,
            last_error_at,
            last_check,
            checked_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> HealthPolicy {
        HealthPolicy { path: "/healthz".to_owned(), interval: Duration::from_secs(1), unhealthy_after: 3, healthy_after: 2 }
    }

    fn check(health: &Health, well: bool) -> bool {
        let outcome = if well { Ok("Well".to_owned()) } else { Err("Answered 500".to_owned()) };
        health.checked(health.checks(), Some(&policy()), &outcome);
        health.is_unhealthy()
    }

    #[test]
    fn checks_turn_it_unhealthy_and_healthy_only_after_so_many_in_a_row() {
        let health = Health::default();
        let said: Vec<bool> = [false, false, true, false, false, false, true, false, true, true].map(|well| check(&health, well)).into();
        assert_eq!(said, [false, false, false, false, false, true, true, true, true, false]);
        assert!(health.view(String::new(), 1).last_error.unwrap().contains("Answered 500"));
    }

    #[test]
    fn an_address_that_is_not_checked_any_more_is_not_unhealthy() {
        let health = Health::default();
        assert!((0..3).any(|_| check(&health, false)));
        let checks = health.checks();
        health.is_not_checked();
        assert!(health.is_available(1));
        for _ in 0..3 {
            health.checked(checks, Some(&policy()), &Err("Answered 500".to_owned()));
        }
        assert!(health.is_available(1), "a check that was under way says nothing");
    }

    #[test]
    fn each_ejection_lasts_longer_and_quiet_minutes_shorten_the_next() {
        let health = Health::default();
        let base = Duration::from_secs(10);
        let mut now = 1;
        for time in [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
            assert_eq!(health.eject(base, now), time);
            assert!(health.is_ejected(now + time - 1) && !health.is_ejected(now + time));
            now += time;
        }
        assert_eq!(health.eject(base, now + 5 * 60_000), 40_000);
    }

    #[test]
    fn faults_count_in_a_row() {
        let health = Health::default();
        for _ in 0..10 {
            assert!(!health.fault("x".to_owned(), 1) && !health.fault("x".to_owned(), 1));
            health.well();
        }
        assert!(!health.fault("x".to_owned(), 1) && !health.fault("x".to_owned(), 1) && health.fault("x".to_owned(), 1));
    }

    #[test]
    fn the_cost_follows_latency_and_load_and_fades_with_time() {
        let (quick, slow) = (Health::default(), Health::default());
        assert_eq!(quick.cost(1), None);
        quick.measured(Duration::from_millis(2), 1);
        slow.measured(Duration::from_millis(9), 1);
        assert!(quick.cost(1) < slow.cost(1));
        quick.in_flight.store(9, Relaxed);
        assert!(quick.cost(1) > slow.cost(1));
        assert!(slow.cost(31_000) < Some(200));
    }
}
