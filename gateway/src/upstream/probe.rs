//! Health checks: the prober asks each address again and again, on a new connection, by the same
//! way as calls go. What it finds decides which addresses calls go to.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::future::join_all;
use http::{HeaderValue, Method, StatusCode, header};
use mintreu_model::id::ServiceId;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    Outgoing,
    dial::{ConnectFailed, connect},
    health::{in_millis, millis},
};
use crate::{
    catalogue::{Address, Service},
    message::Fields,
    policy::HealthPolicy,
    state::Worker,
    upload::Upload,
};

/// How long an address may take, where its interval is not shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// A new catalogue is noticed within this time.
const LOOK_EVERY: u64 = 1_000;

pub(crate) async fn probe(worker: &Worker) -> Infallible {
    let mut running = JoinSet::new();
    loop {
        let now = millis(Instant::now());
        let mut next = now + LOOK_EVERY;
        for service in &worker.core.catalogue.load().services {
            let Some(policy) = &service.policy.health else { continue };
            let interval = in_millis(policy.interval).max(1);
            for (index, address) in service.addresses.iter().enumerate() {
                // Not further ahead than the interval, which may have become shorter.
                let mut due = address.health.next_check.load(Relaxed).min(now + interval + interval / 8);
                if due <= now {
                    let (worker, service) = (Arc::clone(worker), Arc::clone(service));
                    running.spawn(async move { check_address(&worker, &service, index).await });
                    // Never all at the same moment.
                    due = now + interval - interval / 8 + fastrand::u64(..=interval / 4);
                }
                address.health.next_check.store(due, Relaxed);
                next = next.min(due);
            }
        }
        while running.try_join_next().is_some() {}
        sleep(Duration::from_millis(next.saturating_sub(now).max(1))).await;
    }
}

/// Asks every address of a service once, and waits for what they say.
pub(crate) async fn check(worker: &Worker, id: ServiceId) {
    let service = worker.core.catalogue.load().services.iter().find(|service| service.id == id).map(Arc::clone);
    if let Some(service) = service {
        join_all((0..service.addresses.len()).map(|index| check_address(worker, &service, index))).await;
    }
}

async fn check_address(worker: &Worker, service: &Service, index: usize) {
    let Some(address) = service.addresses.get(index) else { return };
    let policy = service.policy.health.as_ref();
    let patience = policy.map_or(PATIENCE, |policy| PATIENCE.min(policy.interval));
    let (began, checks) = (Instant::now(), address.health.checks());
    let answer = timeout(patience, ask(worker, service, address, policy)).await;
    let took = began.elapsed().as_millis();
    let outcome = match answer.unwrap_or_else(|_| Err(format!("No answer within {} ms", patience.as_millis()))) {
        Ok(status) if policy.is_none() || status.is_success() => Ok(format!("Answered {} in {took} ms", status.as_u16())),
        Ok(status) => Err(format!("Answered {}", status.as_u16())),
        Err(reason) => Err(reason),
    };
    let was_unhealthy = address.health.is_unhealthy();
    address.health.checked(checks, policy, &outcome);
    if was_unhealthy != address.health.is_unhealthy() {
        let (Ok(found) | Err(found)) = &outcome;
        if was_unhealthy {
            tracing::info!(service = %service.slug, address = %address.url, %found, "healthy again");
        } else {
            tracing::warn!(service = %service.slug, address = %address.url, %found, "unhealthy");
        }
    }
}

/// Without a health path any answer will do.
async fn ask(worker: &Worker, service: &Service, address: &Address, policy: Option<&HealthPolicy>) -> Result<StatusCode, String> {
    let lease = connect(worker, service, address, false).await.map_err(|error| match error {
        ConnectFailed::Refused(reason) => reason,
        ConnectFailed::Timeout => "No connection in time".to_owned(),
    })?;
    let mut given = Fields::default();
    given.insert(header::USER_AGENT, HeaderValue::from_static(concat!("mintreu/", env!("CARGO_PKG_VERSION"))));
    let target = policy.map_or("/", |policy| &policy.path);
    let mut outgoing = Outgoing { method: Method::GET, target, given: &given, injected: None, upload: Upload::empty(), upgrade: false };
    let ready = outgoing.onto(lease, address).ok_or("The address of the check cannot be read")?;
    let answer = ready.send().await.map_err(|failed| failed.why)?;
    Ok(answer.status)
}
