//! How the gateway is doing.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::view::GatewayView;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{Answer, extract::Admin};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(get_gateway))
}

/// Journal, refusals and connections of the gateway that answers, its replicas, and the services
#[utoipa::path(get, path = "/admin/gateway", tag = "Admin: gateway", responses((status = 200, body = GatewayView)))]
async fn get_gateway(State(control): State<Control>, Admin(who): Admin) -> Answer<GatewayView> {
    Ok(Json(control.gateway(&who).await?))
}
