//! Members of a tenant.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageMembers, ViewTenant},
    store::part,
};
use mintreu_model::{
    form::tenant::ChangeRole,
    id::{TenantId, UserId},
    list::{List, ListQuery},
    view::MemberView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Done,
    extract::{Listing, Member, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_members)).routes(routes!(change_role, remove_member))
}

/// Members of the tenant, by name
#[utoipa::path(get, path = "/tenants/{t}/members", tag = "Members", params(ListQuery), responses((status = 200, body = List<MemberView>)))]
async fn list_members(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Listing(query): Listing,
) -> Answer<List<MemberView>> {
    Ok(Json(part(control.list_members(&who).await?, &query, |member| member.user_id.to_string())?))
}

/// Give a member another role
#[utoipa::path(patch, path = "/tenants/{t}/members/{user}", tag = "Members", request_body = ChangeRole, responses((status = 200, body = MemberView)))]
async fn change_role(
    State(control): State<Control>,
    Member(who): Member<ManageMembers>,
    Path((_, user)): Path<(TenantId, UserId)>,
    Body(form): Body<ChangeRole>,
) -> Answer<MemberView> {
    Ok(Json(control.change_role(&who, user, &form).await?))
}

/// Remove a member
#[utoipa::path(delete, path = "/tenants/{t}/members/{user}", tag = "Members", responses((status = 204)))]
async fn remove_member(
    State(control): State<Control>,
    Member(who): Member<ManageMembers>,
    Path((_, user)): Path<(TenantId, UserId)>,
) -> Done {
    control.remove_member(&who, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
