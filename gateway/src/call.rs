//! The account of one admitted call. Whatever way it ends — answered, failed, or dropped because
//! the client left — dropping it writes exactly one usage record and settles its quota unit.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use chrono::{DateTime, Utc};

use crate::{grant::Entry, limit::Reservation, state::Worker, upload::Progress, usage::UsageRecord};

/// What is recorded when the client left before the answer (nginx's number).
const CLIENT_LEFT: u16 = 499;

pub(crate) struct Call {
    worker: Worker,
    entry: Arc<Entry>,
    route: Arc<str>,
    at: DateTime<Utc>,
    began: Instant,
    upload: Option<Arc<Progress>>,
    unit: Option<Reservation>,
    status: u16,
    billed: bool,
    bytes_out: u64,
    bytes_in_tunnel: u64,
}

impl Call {
    pub(crate) fn begin(
        worker: &Worker,
        entry: Arc<Entry>,
        route: Arc<str>,
        began: Instant,
        unit: Reservation,
        upload: Option<Arc<Progress>>,
    ) -> Self {
        worker.core.metrics.in_flight.fetch_add(1, Relaxed);
        Self {
            at: (worker.core.clock)(),
            worker: worker.clone(),
            entry,
            route,
            began,
            upload,
            unit: Some(unit),
            status: CLIENT_LEFT,
            billed: false,
            bytes_out: 0,
            bytes_in_tunnel: 0,
        }
    }

    pub(crate) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// The service has answered. Anything but a 5xx is billed; a 5xx gives its unit back.
    pub(crate) fn answered(&mut self, status: u16) {
        let metrics = &self.worker.core.metrics;
        metrics.waited(self.began.elapsed());
        metrics.answered(status);
        self.status = status;
        self.billed = status < 500;
        if let Some(unit) = self.unit.take().filter(|_| self.billed) {
            unit.keep();
        }
    }

    /// The gateway answers in the service's place: never billed.
    pub(crate) fn failed(&mut self, status: u16) {
        self.status = status;
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes_out = self.bytes_out.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Bytes that went through a tunnel, from and to the client.
    pub(crate) fn tunnelled(&mut self, from_client: u64, to_client: u64) {
        self.bytes_in_tunnel = from_client;
        self.bytes_out = to_client;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let core = &self.worker.core;
        core.metrics.in_flight.fetch_sub(1, Relaxed);
        if self.status == CLIENT_LEFT {
            core.metrics.client_left.fetch_add(1, Relaxed);
        }
        let grant = &self.entry.grant;
        tracing::debug!(
            target: "mintreu_gateway::access",
            key = %grant.key_id,
            application = %grant.application_id,
            route = %self.route,
            status = self.status,
            billed = self.billed,
            bytes_out = self.bytes_out,
            latency_us = self.began.elapsed().as_micros(),
        );
        let uploaded = self.upload.as_ref().map_or(0, |upload| upload.bytes());
        core.journal.write(
            &self.worker.ledger,
            UsageRecord {
                application_id: grant.application_id,
                key_id: grant.key_id,
                subscription_id: grant.subscription_id,
                quota_period_start: grant.quota.period_start,
                route: Arc::clone(&self.route),
                status: self.status,
                at: self.at,
                bytes_in: uploaded.saturating_add(self.bytes_in_tunnel),
                bytes_out: self.bytes_out,
                latency_us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
                billed: self.billed,
            },
        );
    }
}
