//! Counters of the data plane, in Prometheus text format. Plain atomics: a scrape costs the
//! readers nothing. A new series is a field here and a line in `text`.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{journal::JournalStatus, limit::RatesStatus, problem::Code};

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS_US: [u64; 12] = [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Counts of one service.
#[derive(Default)]
pub(crate) struct ServiceCounts {
    pub(crate) requests: AtomicU64,
    pub(crate) unreachable: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) retries: AtomicU64,
    /// Refused because the circuits of all addresses were open.
    pub(crate) held: AtomicU64,
    /// Refused because the service had as many calls as it may have.
    pub(crate) full: AtomicU64,
}

#[derive(Default)]
pub(crate) struct Metrics {
    refusals: Vec<AtomicU64>,
    /// Answers of services by the first digit of their status.
    answers: [AtomicU64; 6],
    pub(crate) in_flight: AtomicU64,
    pub(crate) client_left: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) cache_hits: AtomicU64,
    /// Calls to products whose answers are kept that were not answered from the store.
    pub(crate) cache_misses: AtomicU64,
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    latency_sum_us: AtomicU64,
    services: Mutex<HashMap<String, Arc<ServiceCounts>>>,
}

/// A reading of the counters that tests and health pages look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Calls between their head and the end of their answer.
    pub in_flight: u64,
    /// Calls whose client left before the answer began.
    pub client_left: u64,
    /// Connections of clients that are open.
    pub connections: u64,
    /// Connections that were closed at once, because their address has too many.
    pub connections_refused: u64,
    /// Refusals by code; codes that never occurred are absent.
    pub refusals: HashMap<&'static str, u64>,
    pub journal: JournalStatus,
    pub cached_grants: usize,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self { refusals: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(), ..Self::default() }
    }

    pub(crate) fn service(&self, slug: &str) -> Arc<ServiceCounts> {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(services.entry(slug.to_owned()).or_default())
    }

    pub(crate) fn refused(&self, code: Code) {
        if let Some(counter) = self.refusals.get(code as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn answered(&self, status: u16) {
        if let Some(counter) = self.answers.get(usize::from(status / 100)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// The time until the head of the answer.
    pub(crate) fn waited(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < micros);
        if let Some(counter) = self.buckets.get(bucket) {
            counter.fetch_add(1, Relaxed);
        }
        self.latency_sum_us.fetch_add(micros, Relaxed);
    }

    pub(crate) fn refusals(&self) -> HashMap<&'static str, u64> {
        Code::ALL
            .iter()
            .zip(&self.refusals)
            .map(|(code, counter)| (code.as_str(), counter.load(Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    pub(crate) fn text(&self, journal: &JournalStatus, grants: usize, rates: &RatesStatus, cached: u64) -> String {
        let mut out = String::with_capacity(4096);
        let mut line = |text: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = out.write_fmt(text);
            out.push('\n');
        };
        line(format_args!("# TYPE mintreu_gateway_refusals_total counter"));
        for (code, counter) in Code::ALL.iter().zip(&self.refusals) {
            let (code, count) = (code.as_str(), counter.load(Relaxed));
            line(format_args!("mintreu_gateway_refusals_total{{code=\"{code}\"}} {count}"));
        }
        line(format_args!("# TYPE mintreu_gateway_answers_total counter"));
        for (class, counter) in self.answers.iter().enumerate().skip(1) {
            let count = counter.load(Relaxed);
            line(format_args!("mintreu_gateway_answers_total{{class=\"{class}xx\"}} {count}"));
        }
        for (name, kind, value) in [
            ("in_flight", "gauge", self.in_flight.load(Relaxed)),
            ("client_left_total", "counter", self.client_left.load(Relaxed)),
            ("connections", "gauge", self.connections.load(Relaxed)),
            ("connections_refused_total", "counter", self.connections_refused.load(Relaxed)),
            ("usage_backlog", "gauge", journal.backlog),
            ("usage_backlog_age_seconds", "gauge", journal.age.as_secs()),
            ("journal_segments", "gauge", u64::try_from(journal.segments).unwrap_or(u64::MAX)),
            ("journal_free_bytes", "gauge", journal.free_bytes.unwrap_or(0)),
            ("journal_full", "gauge", u64::from(journal.full)),
            ("journal_recovering", "gauge", u64::from(journal.recovering)),
            ("journal_damaged_frames_total", "counter", journal.damaged),
            ("journal_lost_ends_total", "counter", journal.lost),
            ("rates_shared", "gauge", u64::from(rates.shared)),
            ("rates_share_lost_total", "counter", rates.losses),
            ("rates_replicas", "gauge", u64::from(rates.replicas)),
            ("cached_grants", "gauge", u64::try_from(grants).unwrap_or(u64::MAX)),
            ("cache_hits_total", "counter", self.cache_hits.load(Relaxed)),
            ("cache_misses_total", "counter", self.cache_misses.load(Relaxed)),
            ("cache_bytes", "gauge", cached),
        ] {
            line(format_args!("# TYPE mintreu_gateway_{name} {kind}\nmintreu_gateway_{name} {value}"));
        }
        line(format_args!("# TYPE mintreu_gateway_latency_seconds histogram"));
        let mut total = 0;
        for (bound, counter) in BOUNDS_US.iter().zip(&self.buckets) {
            total += counter.load(Relaxed);
            let bound = Duration::from_micros(*bound).as_secs_f64();
            line(format_args!("mintreu_gateway_latency_seconds_bucket{{le=\"{bound}\"}} {total}"));
        }
        total += self.buckets.last().map_or(0, |counter| counter.load(Relaxed));
        let sum = Duration::from_micros(self.latency_sum_us.load(Relaxed)).as_secs_f64();
        line(format_args!("mintreu_gateway_latency_seconds_bucket{{le=\"+Inf\"}} {total}"));
        line(format_args!("mintreu_gateway_latency_seconds_sum {sum}"));
        line(format_args!("mintreu_gateway_latency_seconds_count {total}"));
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        for (slug, counts) in services.iter() {
            for (name, counter) in [
                ("requests_total", &counts.requests),
                ("unreachable_total", &counts.unreachable),
                ("timeouts_total", &counts.timeouts),
                ("connections_total", &counts.connections),
                ("retries_total", &counts.retries),
                ("held_total", &counts.held),
                ("full_total", &counts.full),
            ] {
                let count = counter.load(Relaxed);
                line(format_args!("mintreu_gateway_service_{name}{{service=\"{slug}\"}} {count}"));
            }
        }
        out
    }
}
