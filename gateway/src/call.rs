//! The account of one admitted call. Whatever way it ends — answered, failed, or dropped because
//! the client left — it is counted exactly once and settles its quota unit: answered calls when
//! they are answered, the others, and what a call came to beyond what was known then, when it is
//! dropped.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use mintreu_model::id::RequestId;

use crate::{
    grant::Entry,
    journal::{NotWritten, UsageRecord},
    limit::Reservation,
    state::Worker,
    upload::Progress,
};

/// What is recorded when the client left before the answer (nginx's number).
const CLIENT_LEFT: u16 = 499;

pub(crate) struct Call {
    worker: Worker,
    entry: Arc<Entry>,
    route: Arc<str>,
    request: RequestId,
    at: DateTime<Utc>,
    began: Instant,
    /// Until the head of the answer.
    latency: Option<Duration>,
    upload: Option<Arc<Progress>>,
    unit: Option<Reservation>,
    status: u16,
    billed: bool,
    counted: bool,
    bytes_out: u64,
    bytes_in_tunnel: u64,
    /// Bytes in and out that the record of the answer tells already.
    told: (u64, u64),
}

impl Call {
    pub(crate) fn begin(
        worker: &Worker,
        entry: Arc<Entry>,
        route: Arc<str>,
        request: RequestId,
        (at, began): (DateTime<Utc>, Instant),
        unit: Reservation,
        upload: Option<Arc<Progress>>,
    ) -> Self {
        worker.core.metrics.in_flight.fetch_add(1, Relaxed);
        Self {
            at,
            worker: worker.clone(),
            entry,
            route,
            request,
            began,
            latency: None,
            upload,
            unit: Some(unit),
            status: CLIENT_LEFT,
            billed: false,
            counted: false,
            bytes_out: 0,
            bytes_in_tunnel: 0,
            told: (0, 0),
        }
    }

    /// The platform's time when the head of the answer was there; now, before it is.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.at + self.latency.unwrap_or_else(|| self.began.elapsed())
    }

    pub(crate) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// The service has answered `at` that time, and the client is about to hear of it: anything but a 5xx
    /// is billed. So much of the body is there already. Follow a refusal with [`withhold`](Self::withhold).
    pub(crate) async fn answered(&mut self, status: u16, at: Instant, in_hand: u64) -> Result<(), NotWritten> {
        let core = &self.worker.core;
        let latency = at.saturating_duration_since(self.began);
        core.metrics.waited(latency);
        core.metrics.answered(status);
        self.latency = Some(latency);
        self.status = status;
        self.billed = status < 500;
        self.told = (self.uploaded(), in_hand);
        let (bytes_in, bytes_out) = self.told;
        // From here on it is written, whether or not somebody waits for it.
        self.counted = true;
        let record = UsageRecord { bytes_in, bytes_out, ..self.record(true) };
        core.journal.write(&self.worker.ledger, record).await?;
        self.settle();
        Ok(())
    }

    fn settle(&mut self) {
        if let Some(unit) = self.unit.take().filter(|_| self.billed) {
            unit.keep();
        }
    }

    /// The answer could not be recorded, so the client does not get it.
    pub(crate) fn withhold(&mut self, status: u16) {
        self.status = status;
        self.billed = false;
        self.counted = false;
    }

    fn uploaded(&self) -> u64 {
        self.upload.as_ref().map_or(0, |upload| upload.bytes())
    }

    fn record(&self, counts: bool) -> UsageRecord {
        let grant = &self.entry.grant;
        let latency = self.latency.unwrap_or_else(|| self.began.elapsed());
        UsageRecord {
            application_id: grant.application_id,
            key_id: grant.key_id,
            subscription_id: grant.subscription_id,
            request_id: self.request,
            quota_period_start: grant.quota.period_start,
            route: Arc::clone(&self.route),
            status: self.status,
            at: self.at,
            bytes_in: 0,
            bytes_out: 0,
            latency_us: u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
            counts,
            billed: counts && self.billed,
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
        if self.counted {
            self.settle();
        }
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
        let (told_in, told_out) = if self.counted { self.told } else { (0, 0) };
        let bytes_in = self.uploaded().saturating_add(self.bytes_in_tunnel).saturating_sub(told_in);
        let bytes_out = self.bytes_out.saturating_sub(told_out);
        if self.counted && bytes_in == 0 && bytes_out == 0 {
            return;
        }
        let record = UsageRecord { bytes_in, bytes_out, ..self.record(!self.counted) };
        core.journal.end(&self.worker.ledger, record);
    }
}
