//! How the gateway is doing, for operators: the one of this process, its siblings, the services.

use chrono::{DateTime, Utc};
use mintreu_model::view::{GatewayView, ReplicaView, ServiceHealthView};
use uuid::Uuid;

use crate::{Control, Operator, Result, store::read, usage::LIVES_FOR};

impl Control {
    pub async fn gateway(&self, who: &Operator) -> Result<GatewayView> {
        let here = self.watcher.get().and_then(|watch| watch.figures());
        let known: Vec<(Uuid, DateTime<Utc>)> =
            read!(self.db, c => sqlx::query_as("SELECT id, seen_at FROM replicas ORDER BY seen_at DESC, id LIMIT 100").fetch_all(c))?;
        let since = self.clock.system_now() - LIVES_FOR;
        let replica = |(id, seen_at): (Uuid, DateTime<Utc>)| {
            let id = id.to_string();
            ReplicaView { lives: seen_at > since, here: here.as_ref().is_some_and(|here| here.replica == id), id, seen_at }
        };
        let replicas = known.into_iter().map(replica).collect();
        let services = self.gateway_services().await?;
        let health = self.health_of_services(who, &services);
        let one = |(service, addresses): (mintreu_model::view::ServiceView, _)| ServiceHealthView {
            slug: service.slug,
            name: service.name,
            addresses,
        };
        let services = services.into_iter().zip(health).map(one).collect();
        Ok(GatewayView { here, replicas, services })
    }
}
