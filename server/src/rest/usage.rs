//! Usage of an application and of a tenant, as JSON, or as a table for `Accept: text/csv`.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use mintreu_control::{Control, access::ViewTenant, usage::csv};
use mintreu_model::{
    form::usage::{UsageQuery, UsageRange},
    id::{ApplicationId, TenantId},
    list::List,
    status::UsageBy,
    view::{RefusalCount, UsageSeries, UsageShare, UsageTotals},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    extract::{Member, Path, Query},
    refusal::Refusal,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(get_usage))
        .routes(routes!(get_usage_totals))
        .routes(routes!(get_usage_shares))
        .routes(routes!(get_refusals))
        .routes(routes!(get_tenant_usage))
        .routes(routes!(get_tenant_usage_totals))
}

type Ids = (TenantId, ApplicationId);

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
    by: UsageBy,
}

pub(super) fn series(headers: &HeaderMap, query: &UsageQuery, series: UsageSeries) -> Response {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    if accepts.flat_map(|accept| accept.split(',')).any(|kind| kind.trim().starts_with("text/csv")) {
        let head = [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\"")];
        (head, csv(&series, query.by)).into_response()
    } else {
        Json(series).into_response()
    }
}

/// Usage of an application over time
///
/// Intervals without calls are points of zero, unless it is broken down. `Accept: text/csv` gives a
/// table.
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/usage", tag = "Usage", params(UsageQuery), responses((status = 200, body = UsageSeries)))]
async fn get_usage(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(series(&headers, &query, control.get_usage(&who, id, &query).await?))
}

/// Totals of an application
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/usage/totals", tag = "Usage", params(UsageRange), responses((status = 200, body = UsageTotals)))]
async fn get_usage_totals(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
    Query(range): Query<UsageRange>,
) -> Answer<UsageTotals> {
    Ok(Json(control.get_usage_totals(&who, Some(id), &range).await?))
}

/// Totals of an application by route, key or status, the most used first
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/usage/shares", tag = "Usage", params(SharesQuery), responses((status = 200, body = List<UsageShare>)))]
async fn get_usage_shares(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
    Query(query): Query<SharesQuery>,
) -> Answer<List<UsageShare>> {
    let range = UsageRange { from: query.from, to: query.to };
    Ok(Json(List::whole(control.get_usage_shares(&who, id, &range, query.by).await?)))
}

/// Calls of an application that the gateway refused, by reason, the most first
///
/// Best effort, by the hour, kept for 100 days. Refused calls are never billed and not part of usage.
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/usage/refusals", tag = "Usage", params(UsageRange), responses((status = 200, body = List<RefusalCount>)))]
async fn get_refusals(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
    Query(range): Query<UsageRange>,
) -> Answer<List<RefusalCount>> {
    Ok(Json(List::whole(control.get_refusals(&who, id, &range).await?)))
}

/// Usage of the whole tenant over time
#[utoipa::path(get, path = "/tenants/{t}/usage", tag = "Usage", params(UsageQuery), responses((status = 200, body = UsageSeries)))]
async fn get_tenant_usage(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(series(&headers, &query, control.get_tenant_usage(&who, &query).await?))
}

/// Totals of the whole tenant
#[utoipa::path(get, path = "/tenants/{t}/usage/totals", tag = "Usage", params(UsageRange), responses((status = 200, body = UsageTotals)))]
async fn get_tenant_usage_totals(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Query(range): Query<UsageRange>,
) -> Answer<UsageTotals> {
    Ok(Json(control.get_usage_totals(&who, None, &range).await?))
}
