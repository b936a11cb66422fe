//! Figures of the whole platform.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::{
    form::usage::UsageQuery,
    view::{Overview, UsageSeries},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Query},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(overview)).routes(routes!(get_any_usage))
}

/// Counts, monthly worth, what needs attention, thirty days of requests
#[utoipa::path(get, path = "/admin/analytics", tag = "Admin: analytics", responses((status = 200, body = Overview)))]
async fn overview(State(control): State<Control>, Admin(who): Admin) -> Answer<Overview> {
    Ok(Json(control.overview(&who).await?))
}

/// Usage of all tenants over time
#[utoipa::path(get, path = "/admin/usage", tag = "Admin: analytics", params(UsageQuery), responses((status = 200, body = UsageSeries)))]
async fn get_any_usage(State(control): State<Control>, Admin(who): Admin, Query(query): Query<UsageQuery>) -> Answer<UsageSeries> {
    Ok(Json(control.get_any_usage(&who, &query).await?))
}
