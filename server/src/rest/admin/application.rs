//! Applications of everybody.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::Control;
use mintreu_model::{
    id::ApplicationId,
    list::{List, ListQuery},
    view::{ApplicationView, TimelineView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered,
    extract::{Admin, Listing, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list_any_applications))
        .routes(routes!(get_any_application))
        .routes(routes!(get_any_timeline))
        .routes(routes!(retry_any_application))
}

/// Applications of all tenants
#[utoipa::path(get, path = "/admin/applications", tag = "Admin: applications", params(ListQuery), responses((status = 200, body = List<ApplicationView>)))]
async fn list_any_applications(
    State(control): State<Control>,
    Admin(who): Admin,
    Listing(query): Listing,
) -> Answer<List<ApplicationView>> {
    Ok(Json(control.list_any_applications(&who, &query).await?))
}

/// One application
#[utoipa::path(get, path = "/admin/applications/{application}", tag = "Admin: applications", responses((status = 200, body = ApplicationView)))]
async fn get_any_application(State(control): State<Control>, Admin(who): Admin, Path(id): Path<ApplicationId>) -> Answer<ApplicationView> {
    Ok(Json(control.get_any_application(&who, id).await?))
}

/// How far the making of an application has come
#[utoipa::path(get, path = "/admin/applications/{application}/timeline", tag = "Admin: applications", responses((status = 200, body = TimelineView)))]
async fn get_any_timeline(State(control): State<Control>, Admin(who): Admin, Path(id): Path<ApplicationId>) -> Answer<TimelineView> {
    Ok(Json(control.get_any_timeline(&who, id).await?))
}

/// Try the making of a failed application again
#[utoipa::path(post, path = "/admin/applications/{application}/retry", tag = "Admin: applications", responses((status = 202, body = ApplicationView)))]
async fn retry_any_application(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(id): Path<ApplicationId>,
) -> Answered<ApplicationView> {
    Ok((StatusCode::ACCEPTED, Json(control.retry_any_application(&who, id).await?)))
}
