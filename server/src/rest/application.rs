//! Applications of a tenant.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageApplications, ViewTenant},
    store::part,
};
use mintreu_model::{
    form::application::{DeleteApplication, Provision, UpdateApplication},
    id::{ApplicationId, TenantId},
    list::{List, ListQuery},
    view::{ApplicationCreated, ApplicationView, ConfigVersionView, TimelineView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered,
    extract::{Listing, Member, Path},
    read::{Body, OptionalBody},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(provision, list_applications))
        .routes(routes!(get_application, update_application, delete_application))
        .routes(routes!(get_timeline))
        .routes(routes!(list_configs))
        .routes(routes!(retry_application))
        .routes(routes!(suspend_application))
        .routes(routes!(resume_application))
        .routes(routes!(keep_application))
}

type Ids = (TenantId, ApplicationId);
type Managing = Member<ManageApplications>;

/// Provision an application of a product that the tenant is subscribed to
///
/// The first key comes with it; its secret is shown this once. Watch the timeline until the status
/// is `active`.
#[utoipa::path(post, path = "/tenants/{t}/applications", tag = "Applications", request_body = Provision, responses((status = 202, body = ApplicationCreated)))]
async fn provision(State(control): State<Control>, Member(who): Managing, Body(form): Body<Provision>) -> Answered<ApplicationCreated> {
    Ok((StatusCode::ACCEPTED, Json(control.provision(&who, &form).await?)))
}

/// Applications of the tenant
#[utoipa::path(get, path = "/tenants/{t}/applications", tag = "Applications", params(ListQuery), responses((status = 200, body = List<ApplicationView>)))]
async fn list_applications(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Listing(query): Listing,
) -> Answer<List<ApplicationView>> {
    Ok(Json(control.list_applications(&who, &query).await?))
}

/// One application
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}", tag = "Applications", responses((status = 200, body = ApplicationView)))]
async fn get_application(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
) -> Answer<ApplicationView> {
    Ok(Json(control.get_application(&who, id).await?))
}

/// Rename or reconfigure an application
#[utoipa::path(patch, path = "/tenants/{t}/applications/{application}", tag = "Applications", request_body = UpdateApplication, responses((status = 200, body = ApplicationView)))]
async fn update_application(
    State(control): State<Control>,
    Member(who): Managing,
    Path((_, id)): Path<Ids>,
    Body(form): Body<UpdateApplication>,
) -> Answer<ApplicationView> {
    Ok(Json(control.update_application(&who, id, &form).await?))
}

/// Delete an application
///
/// Its keys stop at once; its data goes when `delete_after` has passed. `confirm` may be left out
/// with the body; when it is there it must be the application's name.
#[utoipa::path(delete, path = "/tenants/{t}/applications/{application}", tag = "Applications", request_body = Option<DeleteApplication>, responses((status = 202, body = ApplicationView)))]
async fn delete_application(
    State(control): State<Control>,
    Member(who): Managing,
    Path((_, id)): Path<Ids>,
    OptionalBody(form): OptionalBody<DeleteApplication>,
) -> Answered<ApplicationView> {
    Ok((StatusCode::ACCEPTED, Json(control.delete_application(&who, id, form.as_ref()).await?)))
}

/// How far the making of an application has come
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/timeline", tag = "Applications", responses((status = 200, body = TimelineView)))]
async fn get_timeline(State(control): State<Control>, Member(who): Member<ViewTenant>, Path((_, id)): Path<Ids>) -> Answer<TimelineView> {
    Ok(Json(control.get_timeline(&who, id).await?))
}

/// Versions of an application's configuration, newest first
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/configs", tag = "Applications", params(ListQuery), responses((status = 200, body = List<ConfigVersionView>)))]
async fn list_configs(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
    Listing(query): Listing,
) -> Answer<List<ConfigVersionView>> {
    Ok(Json(part(control.list_config_versions(&who, id).await?, &query, |config| config.version.to_string())?))
}

/// Try the making of a failed application again
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/retry", tag = "Applications", responses((status = 202, body = ApplicationView)))]
async fn retry_application(State(control): State<Control>, Member(who): Managing, Path((_, id)): Path<Ids>) -> Answered<ApplicationView> {
    Ok((StatusCode::ACCEPTED, Json(control.retry_application(&who, id).await?)))
}

/// Suspend an application: its calls are refused until it is resumed
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/suspend", tag = "Applications", responses((status = 200, body = ApplicationView)))]
async fn suspend_application(State(control): State<Control>, Member(who): Managing, Path((_, id)): Path<Ids>) -> Answer<ApplicationView> {
    Ok(Json(control.suspend_application(&who, id).await?))
}

/// Resume a suspended application
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/resume", tag = "Applications", responses((status = 200, body = ApplicationView)))]
async fn resume_application(State(control): State<Control>, Member(who): Managing, Path((_, id)): Path<Ids>) -> Answer<ApplicationView> {
    Ok(Json(control.resume_application(&who, id).await?))
}

/// Take the deletion of an application back
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/keep", tag = "Applications", responses((status = 200, body = ApplicationView)))]
async fn keep_application(State(control): State<Control>, Member(who): Managing, Path((_, id)): Path<Ids>) -> Answer<ApplicationView> {
    Ok(Json(control.keep_application(&who, id).await?))
}
