//! Figures of the whole platform.

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use chrono::{DateTime, Utc};
use mintreu_control::Control;
use mintreu_model::{
    form::usage::{UsageQuery, UsageRange},
    list::List,
    status::UsageOf,
    view::{Overview, UsageSeries, UsageShare, UsageTotals},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Query},
    refusal::Refusal,
    usage::series,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(get_any_usage))
        .routes(routes!(get_any_usage_totals))
        .routes(routes!(get_any_usage_shares))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SharesQuery {
    /// Beginning, included; 24 hours before the end unless told.
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// End, not included; now unless told.
    #[serde(default)]
    to: Option<DateTime<Utc>>,
    by: UsageOf,
}

/// Counts, monthly worth, what needs attention, thirty days of requests
#[utoipa::path(get, path = "/admin/analytics", tag = "Admin: analytics", responses((status = 200, body = Overview)))]
async fn overview(State(control): State<Control>, Admin(who): Admin) -> Answer<Overview> {
    Ok(Json(control.overview(&who).await?))
}

/// Usage of all tenants over time
///
/// `Accept: text/csv` gives a table.
#[utoipa::path(get, path = "/admin/usage", tag = "Admin: analytics", params(UsageQuery), responses((status = 200, body = UsageSeries)))]
async fn get_any_usage(
    State(control): State<Control>,
    Admin(who): Admin,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(series(&headers, &query, control.get_any_usage(&who, &query).await?))
}

/// Totals of all tenants
#[utoipa::path(get, path = "/admin/usage/totals", tag = "Admin: analytics", params(UsageRange), responses((status = 200, body = UsageTotals)))]
async fn get_any_usage_totals(State(control): State<Control>, Admin(who): Admin, Query(range): Query<UsageRange>) -> Answer<UsageTotals> {
    Ok(Json(control.get_any_usage_totals(&who, &range).await?))
}

/// Totals by tenant, product or status, the most used first
#[utoipa::path(get, path = "/admin/usage/shares", tag = "Admin: analytics", params(SharesQuery), responses((status = 200, body = List<UsageShare>)))]
async fn get_any_usage_shares(
    State(control): State<Control>,
    Admin(who): Admin,
    Query(query): Query<SharesQuery>,
) -> Answer<List<UsageShare>> {
    let range = UsageRange { from: query.from, to: query.to };
    Ok(Json(List::whole(control.get_any_usage_shares(&who, &range, query.by).await?)))
}
