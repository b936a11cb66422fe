//! The state of addresses, for people and for Prometheus.

use std::{fmt::Write as _, sync::atomic::Ordering::Relaxed};

use mintreu_model::{id::ServiceId, status::AddressState, view::HealthView};
use tokio::time::Instant;

use super::health::{Health, Millis, millis};
use crate::catalogue::Compiled;

pub(crate) fn report(catalogue: &Compiled, id: ServiceId) -> Vec<HealthView> {
    let now = millis(Instant::now());
    let service = catalogue.services.iter().find(|service| service.id == id);
    let addresses = service.map(|service| service.addresses.as_slice()).unwrap_or_default();
    addresses.iter().map(|address| address.health.view(address.url.to_string(), now)).collect()
}

pub(crate) fn metrics(catalogue: &Compiled, out: &mut String) {
    let now = millis(Instant::now());
    series(catalogue, out, "address_in_flight", "gauge", |health| f64::from(health.in_flight.load(Relaxed)));
    series(catalogue, out, "address_latency_seconds", "gauge", |health| health.latency().unwrap_or_default().as_secs_f64());
    series(catalogue, out, "address_failures_total", "counter", |health| exact(health.failures_total.load(Relaxed)));
    series(catalogue, out, "address_ejections_total", "counter", |health| exact(health.ejections_total.load(Relaxed)));
    states(catalogue, out, now);
}

/// Counts stay below 2^52 for longer than any process lives.
fn exact(count: u64) -> f64 {
    f64::from(u32::try_from(count >> 32).unwrap_or(u32::MAX)) * 4_294_967_296.0 + f64::from(u32::try_from(count & 0xffff_ffff).unwrap_or(0))
}

fn series(catalogue: &Compiled, out: &mut String, name: &str, kind: &str, value: impl Fn(&Health) -> f64) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# TYPE mintreu_gateway_{name} {kind}");
    for service in &catalogue.services {
        for address in &service.addresses {
            let (slug, url, value) = (&service.slug, label(&address.url), value(&address.health));
            let _ = writeln!(out, "mintreu_gateway_{name}{{service=\"{slug}\",address=\"{url}\"}} {value}");
        }
    }
}

/// One series for each state, 1 for the one that holds.
fn states(catalogue: &Compiled, out: &mut String, now: Millis) {
    let _ = writeln!(out, "# TYPE mintreu_gateway_address_state gauge");
    for service in &catalogue.services {
        for address in &service.addresses {
            let (slug, url, current) = (&service.slug, label(&address.url), address.health.state(now));
            for state in AddressState::ALL {
                let value = u8::from(*state == current);
                let _ = writeln!(out, "mintreu_gateway_address_state{{service=\"{slug}\",address=\"{url}\",state=\"{state}\"}} {value}");
            }
        }
    }
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
