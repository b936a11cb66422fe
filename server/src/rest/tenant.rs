//! Tenants of the caller.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageTenant, OwnTenant, ViewTenant},
    store::part,
};
use mintreu_model::{
    form::tenant::{CreateTenant, DeleteTenant, RenameTenant},
    list::{List, ListQuery},
    view::TenantView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered, Done,
    extract::{Caller, Listing, Member},
    read::{Body, OptionalBody},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(create_tenant, list_tenants))
        .routes(routes!(get_tenant, rename_tenant, delete_tenant))
        .routes(routes!(keep_tenant))
        .routes(routes!(leave_tenant))
}

/// Make a tenant; the caller is its owner
#[utoipa::path(post, path = "/tenants", tag = "Tenants", request_body = CreateTenant, responses((status = 201, body = TenantView)))]
async fn create_tenant(State(control): State<Control>, Caller(actor): Caller, Body(form): Body<CreateTenant>) -> Answered<TenantView> {
    Ok((StatusCode::CREATED, Json(control.create_tenant(&actor, &form).await?)))
}

/// Tenants that the caller is a member of, by name
#[utoipa::path(get, path = "/tenants", tag = "Tenants", params(ListQuery), responses((status = 200, body = List<TenantView>)))]
async fn list_tenants(State(control): State<Control>, Caller(actor): Caller, Listing(query): Listing) -> Answer<List<TenantView>> {
    Ok(Json(part(control.list_tenants(&actor).await?, &query, |tenant| tenant.id.to_string())?))
}

/// One tenant
#[utoipa::path(get, path = "/tenants/{t}", tag = "Tenants", responses((status = 200, body = TenantView)))]
async fn get_tenant(Member(who): Member<ViewTenant>) -> Answer<TenantView> {
    Ok(Json(who.tenant().clone()))
}

/// Rename a tenant
#[utoipa::path(patch, path = "/tenants/{t}", tag = "Tenants", request_body = RenameTenant, responses((status = 200, body = TenantView)))]
async fn rename_tenant(
    State(control): State<Control>,
    Member(who): Member<ManageTenant>,
    Body(form): Body<RenameTenant>,
) -> Answer<TenantView> {
    Ok(Json(control.rename_tenant(&who, &form).await?))
}

/// Delete a tenant
///
/// Its keys stop at once; its data goes when `delete_after` has passed. `confirm` may be left out
/// with the body; when it is there it must be the tenant's name.
#[utoipa::path(delete, path = "/tenants/{t}", tag = "Tenants", request_body = Option<DeleteTenant>, responses((status = 202, body = TenantView)))]
async fn delete_tenant(
    State(control): State<Control>,
    Member(who): Member<OwnTenant>,
    OptionalBody(form): OptionalBody<DeleteTenant>,
) -> Answered<TenantView> {
    let form = form.unwrap_or_else(|| DeleteTenant { confirm: who.tenant().name.clone() });
    Ok((StatusCode::ACCEPTED, Json(control.delete_tenant(&who, &form).await?)))
}

/// Take the deletion of a tenant back
#[utoipa::path(post, path = "/tenants/{t}/keep", tag = "Tenants", responses((status = 200, body = TenantView)))]
async fn keep_tenant(State(control): State<Control>, Member(who): Member<OwnTenant>) -> Answer<TenantView> {
    Ok(Json(control.keep_tenant(&who).await?))
}

/// Leave a tenant
#[utoipa::path(post, path = "/tenants/{t}/leave", tag = "Tenants", responses((status = 204)))]
async fn leave_tenant(State(control): State<Control>, Member(who): Member<ViewTenant>) -> Done {
    control.leave_tenant(&who).await?;
    Ok(StatusCode::NO_CONTENT)
}
