//! What super admins do. Everybody else is told that it is not there.

#[expect(unused_qualifications, reason = "in what the macro of utoipa makes")]
mod analytics;
mod application;
mod audit;
mod clock;
mod gateway;
mod job;
mod mail;
mod plan;
mod product;
mod service;
mod setting;
mod subscription;
mod tenant;
mod user;

use mintreu_control::Control;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .merge(analytics::routes())
        .merge(application::routes())
        .merge(audit::routes())
        .merge(clock::routes())
        .merge(gateway::routes())
        .merge(job::routes())
        .merge(mail::routes())
        .merge(plan::routes())
        .merge(product::routes())
        .merge(service::routes())
        .merge(setting::routes())
        .merge(subscription::routes())
        .merge(tenant::routes())
        .merge(user::routes())
}
