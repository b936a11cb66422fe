//! A call under way at an address, and what its course says of the address.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use super::health::{Health, Millis, millis};
use crate::catalogue::Service;

/// A call under way at an address.
pub(crate) struct Load {
    service: Arc<Service>,
    pub(super) index: usize,
    trial: bool,
    /// Nothing good can be said of the address after it.
    faulty: bool,
}

impl Load {
    pub(super) fn new(service: &Arc<Service>, index: usize, trial: bool) -> Self {
        let load = Self { service: Arc::clone(service), index, trial, faulty: false };
        if let Some(health) = load.health() {
            health.in_flight.fetch_add(1, Relaxed);
        }
        load
    }

    fn health(&self) -> Option<&Health> {
        self.service.addresses.get(self.index).map(|address| &*address.health)
    }

    /// The trial, if it was one, has its outcome.
    fn settle(&mut self) {
        if std::mem::take(&mut self.trial)
            && let Some(health) = self.health()
        {
            health.circuit.trial_over();
        }
    }

    /// The head of an answer is there.
    pub(super) fn answered(&mut self, status: StatusCode, latency: Duration, now: Millis) {
        self.settle();
        if matches!(status.as_u16(), 502..=504) {
            self.fault(format!("Answered {}", status.as_u16()));
        }
        let limit = self.service.policy.circuit_server_errors;
        if status.is_server_error() && limit != 0 {
            self.count(limit, now);
        } else if let Some(health) = self.health() {
            health.circuit.succeeded();
        }
        if let Some(health) = self.health() {
            health.measured(latency, now);
        }
    }

    /// The exchange has come to its end.
    fn ended(&self) {
        if let Some(health) = self.health().filter(|_| !self.faulty) {
            health.well();
        }
    }

    /// There is no answer.
    pub(super) fn failed(&mut self, what: String) {
        self.settle();
        let limit = self.service.policy.circuit_failures;
        self.fault(what);
        self.count(limit, millis(Instant::now()));
    }

    fn count(&self, limit: u32, now: Millis) {
        let Some(address) = self.service.addresses.get(self.index) else { return };
        if address.health.circuit.failed(limit, now) {
            tracing::warn!(service = %self.service.slug, address = %address.url, "circuit open: it does not answer");
        }
    }

    /// Something that other addresses may do better. At most half of them are ejected.
    fn fault(&mut self, what: String) {
        self.faulty = true;
        let addresses = &self.service.addresses;
        let Some(address) = addresses.get(self.index) else { return };
        let now = millis(Instant::now());
        let text = what.clone();
        if !address.health.fault(what, now) {
            return;
        }
        let ejected = addresses.iter().filter(|other| other.health.is_ejected(now)).count();
        if (ejected + 1) * 2 <= addresses.len() {
            let ms = address.health.eject(self.service.policy.ejection, now);
            tracing::warn!(service = %self.service.slug, address = %address.url, %ms, because = %text, "left alone for a while");
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.settle();
        if let Some(health) = self.health() {
            health.in_flight.fetch_sub(1, Relaxed);
        }
    }
}

/// A call that is being answered, and its place in the count of its address.
pub(crate) struct Exchange {
    load: Load,
    /// When the head of its answer was there.
    answered: Instant,
}

impl Exchange {
    pub(super) fn new(load: Load, answered: Instant) -> Self {
        Self { load, answered }
    }

    pub(crate) fn answered_at(&self) -> std::time::Instant {
        self.answered.into_std()
    }

    /// It has come to its end.
    pub(crate) fn ended(self) {
        self.load.ended();
    }

    /// The service did not keep its word in the middle of an answer; the exchange ends.
    pub(crate) fn broken(mut self, what: &str) {
        self.load.fault(what.to_owned());
    }
}
