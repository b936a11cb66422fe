//! A tenant with a subscription to a product on a service, and what its tests ask of both.

use chrono::TimeDelta;
use mintreu_control::{
    Permitted,
    access::{ManageApplications, ViewTenant},
};
use mintreu_model::{
    form::application::Provision,
    id::ApplicationId,
    list::ListQuery,
    status::DatabaseMode,
    view::{ApplicationCreated, ApplicationView},
};

use crate::{
    Bench,
    service::{self, Service},
};

pub fn form(name: &str) -> Provision {
    Provision { product: "shop".into(), name: name.into(), config: serde_json::Map::default() }
}

/// A tenant with a subscription to a product on a service.
pub struct Scene {
    pub bench: Bench,
    pub service: Service,
    pub who: Permitted<ManageApplications>,
}

pub async fn scene(bench: Bench) -> Scene {
    let service = Service::start().await;
    service::product(&bench, "shop", &service.url, DatabaseMode::Dedicated, true).await;
    let who: Permitted<ManageApplications> = bench.owner("ines").await;
    service::subscription(&bench, &who, "shop").await;
    Scene { bench, service, who }
}

impl Scene {
    pub fn viewer(&self) -> Permitted<ViewTenant> {
        self.who.also().unwrap()
    }

    pub async fn provision(&self, name: &str) -> ApplicationCreated {
        self.bench.provision(&self.who, &form(name)).await.unwrap()
    }

    pub async fn get(&self, id: ApplicationId) -> ApplicationView {
        self.bench.get_application(&self.viewer(), id).await.unwrap()
    }

    /// `step status` of every step.
    pub async fn steps(&self, id: ApplicationId) -> Vec<String> {
        let timeline = self.bench.get_timeline(&self.viewer(), id).await.unwrap();
        timeline.steps.iter().map(|step| format!("{} {}", step.step, step.status)).collect()
    }

    pub async fn detail(&self, id: ApplicationId, step: &str) -> String {
        let timeline = self.bench.get_timeline(&self.viewer(), id).await.unwrap();
        timeline.steps.into_iter().find(|known| known.step == step).and_then(|step| step.detail).unwrap_or_default()
    }

    pub async fn run(&self) {
        self.bench.run_due_jobs().await.unwrap();
    }

    /// Lets time pass, and what falls due be done.
    pub async fn pass(&self, time: TimeDelta) {
        self.bench.advance(time);
        self.run().await;
    }

    pub async fn database_url(&self, created: &ApplicationCreated) -> Option<String> {
        let grant = self.bench.gateway_grant(&created.key.client_id).await.unwrap();
        grant?.database_url.map(|url| url.expose().to_owned())
    }

    pub async fn mails(&self, subject: &str) -> i64 {
        let query = ListQuery { q: Some(subject.into()), ..Default::default() };
        self.bench.list_mail(&self.bench.operator().await, &query).await.unwrap().total
    }
}
