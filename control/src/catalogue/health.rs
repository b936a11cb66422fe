//! How the addresses of services are. Whoever sends calls there knows, and asks them now and then:
//! the gateway of this process.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use mintreu_model::{
    id::ServiceId,
    status::AddressState,
    view::{GatewayFigures, HealthView, ServiceView},
};

use crate::{Control, Operator, Result};

/// The gateway, as far as operators ask it.
pub trait Watch: Send + Sync {
    /// What is known of each address; nothing of a service that is not known there.
    fn health(&self, service: ServiceId) -> Vec<HealthView>;

    /// Its counters and its journal; none where it is gone.
    fn figures(&self) -> Option<GatewayFigures> {
        None
    }

    /// Asks each address now.
    fn check(&self, service: ServiceId) -> BoxFuture<'_, ()>;
}

#[derive(Default)]
pub(crate) struct Watcher(Mutex<Option<Arc<dyn Watch>>>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Watcher {
    pub(super) fn get(&self) -> Option<Arc<dyn Watch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Control {
    /// Names the gateway of this process.
    pub fn watched_by(&self, watch: Arc<dyn Watch>) {
        *self.watcher.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch);
    }

    /// What is known of the addresses of a service.
    pub async fn service_health(&self, who: &Operator, slug: &str) -> Result<Vec<HealthView>> {
        let service = self.get_service(who, slug).await?;
        Ok(self.known_health(&service))
    }

    /// The same after each address was asked.
    pub async fn check_service(&self, who: &Operator, slug: &str) -> Result<Vec<HealthView>> {
        let service = self.get_service(who, slug).await?;
        if let Some(watch) = self.watcher.get() {
            watch.check(service.id).await;
        }
        Ok(self.known_health(&service))
    }

    /// The same for several services, in their order.
    #[must_use]
    pub fn health_of_services(&self, _: &Operator, services: &[ServiceView]) -> Vec<Vec<HealthView>> {
        services.iter().map(|service| self.known_health(service)).collect()
    }

    fn known_health(&self, service: &ServiceView) -> Vec<HealthView> {
        let known = self.watcher.get().map(|watch| watch.health(service.id)).unwrap_or_default();
        let of = |url: &String| known.iter().find(|one| one.base_url == *url).cloned().unwrap_or_else(|| unknown(url));
        service.base_urls.iter().map(of).collect()
    }
}

fn unknown(base_url: &str) -> HealthView {
    HealthView {
        base_url: base_url.to_owned(),
        state: AddressState::Unknown,
        in_flight: 0,
        latency_us: None,
        last_error: None,
        last_error_at: None,
        last_check: None,
        checked_at: None,
    }
}
