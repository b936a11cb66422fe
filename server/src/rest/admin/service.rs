//! Services behind the products.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    form::catalogue::{CreateService, UpdateService},
    list::{List, ListQuery},
    view::{HealthView, ServiceView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered, Done,
    extract::{Admin, Listing, Name, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(create_service, list_services))
        .routes(routes!(get_service, update_service, delete_service))
        .routes(routes!(get_service_health))
}

/// Register a service
#[utoipa::path(post, path = "/admin/services", tag = "Admin: services", request_body = CreateService, responses((status = 201, body = ServiceView)))]
async fn create_service(State(control): State<Control>, Admin(who): Admin, Body(form): Body<CreateService>) -> Answered<ServiceView> {
    Ok((StatusCode::CREATED, Json(control.create_service(&who, &form).await?)))
}

/// Services
#[utoipa::path(get, path = "/admin/services", tag = "Admin: services", params(ListQuery), responses((status = 200, body = List<ServiceView>)))]
async fn list_services(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<ServiceView>> {
    Ok(Json(control.list_services(&who, &query).await?))
}

/// One service
#[utoipa::path(get, path = "/admin/services/{service}", tag = "Admin: services", responses((status = 200, body = ServiceView)))]
async fn get_service(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Answer<ServiceView> {
    Ok(Json(control.get_service(&who, &slug).await?))
}

/// Change a service; the gateway follows at once
#[utoipa::path(patch, path = "/admin/services/{service}", tag = "Admin: services", request_body = UpdateService, responses((status = 200, body = ServiceView)))]
async fn update_service(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(slug)): Path<Name>,
    Body(form): Body<UpdateService>,
) -> Answer<ServiceView> {
    Ok(Json(control.update_service(&who, &slug, &form).await?))
}

/// Remove a service that no product uses
#[utoipa::path(delete, path = "/admin/services/{service}", tag = "Admin: services", responses((status = 204)))]
async fn delete_service(State(control): State<Control>, Admin(who): Admin, Path(Name(slug)): Path<Name>) -> Done {
    control.delete_service(&who, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the gateway knows of each address of a service: state, calls under way, latency, last error
#[utoipa::path(get, path = "/admin/services/{service}/health", tag = "Admin: services", params(ListQuery), responses((status = 200, body = List<HealthView>)))]
async fn get_service_health(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(slug)): Path<Name>,
    Listing(query): Listing,
) -> Answer<List<HealthView>> {
    Ok(Json(part(control.service_health(&who, &slug).await?, &query, |health| health.base_url.clone())?))
}
