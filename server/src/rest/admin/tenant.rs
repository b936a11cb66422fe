//! Tenants of everybody.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    form::tenant::{AssignMember, SuspendTenant},
    id::TenantId,
    list::{List, ListQuery},
    view::{MemberView, TenantRow, TenantView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered,
    extract::{Admin, Listing, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list_any_tenants))
        .routes(routes!(get_any_tenant))
        .routes(routes!(list_any_members, assign_member))
        .routes(routes!(suspend_tenant))
        .routes(routes!(resume_tenant))
}

/// Tenants with their owner and what they use
#[utoipa::path(get, path = "/admin/tenants", tag = "Admin: tenants", params(ListQuery), responses((status = 200, body = List<TenantRow>)))]
async fn list_any_tenants(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<TenantRow>> {
    Ok(Json(control.list_any_tenants(&who, &query).await?))
}

/// One tenant
#[utoipa::path(get, path = "/admin/tenants/{t}", tag = "Admin: tenants", responses((status = 200, body = TenantView)))]
async fn get_any_tenant(State(control): State<Control>, Admin(who): Admin, Path(id): Path<TenantId>) -> Answer<TenantView> {
    Ok(Json(control.get_any_tenant(&who, id).await?))
}

/// Members of a tenant
#[utoipa::path(get, path = "/admin/tenants/{t}/members", tag = "Admin: tenants", params(ListQuery), responses((status = 200, body = List<MemberView>)))]
async fn list_any_members(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(id): Path<TenantId>,
    Listing(query): Listing,
) -> Answer<List<MemberView>> {
    control.get_any_tenant(&who, id).await?;
    Ok(Json(part(control.list_any_members(&who, id).await?, &query, |member| member.user_id.to_string())?))
}

/// Make a registered person a member, or change their role
#[utoipa::path(post, path = "/admin/tenants/{t}/members", tag = "Admin: tenants", request_body = AssignMember, responses((status = 201, body = MemberView)))]
async fn assign_member(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(id): Path<TenantId>,
    Body(form): Body<AssignMember>,
) -> Answered<MemberView> {
    Ok((StatusCode::CREATED, Json(control.assign_member(&who, id, &form).await?)))
}

/// Suspend a tenant: all its calls are refused until it is resumed
#[utoipa::path(post, path = "/admin/tenants/{t}/suspend", tag = "Admin: tenants", request_body = SuspendTenant, responses((status = 200, body = TenantView)))]
async fn suspend_tenant(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(id): Path<TenantId>,
    Body(form): Body<SuspendTenant>,
) -> Answer<TenantView> {
    Ok(Json(control.suspend_tenant(&who, id, &form).await?))
}

/// Resume a suspended tenant
#[utoipa::path(post, path = "/admin/tenants/{t}/resume", tag = "Admin: tenants", responses((status = 200, body = TenantView)))]
async fn resume_tenant(State(control): State<Control>, Admin(who): Admin, Path(id): Path<TenantId>) -> Answer<TenantView> {
    Ok(Json(control.resume_tenant(&who, id).await?))
}
