//! Accounts of everybody.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::{
    id::UserId,
    list::{List, ListQuery},
    view::{Me, UserView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Listing, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_users)).routes(routes!(get_user)).routes(routes!(disable_user)).routes(routes!(enable_user))
}

/// Users
#[utoipa::path(get, path = "/admin/users", tag = "Admin: users", params(ListQuery), responses((status = 200, body = List<UserView>)))]
async fn list_users(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<UserView>> {
    Ok(Json(control.list_users(&who, &query).await?))
}

/// One user with their memberships
#[utoipa::path(get, path = "/admin/users/{user}", tag = "Admin: users", responses((status = 200, body = Me)))]
async fn get_user(State(control): State<Control>, Admin(who): Admin, Path(id): Path<UserId>) -> Answer<Me> {
    Ok(Json(control.get_user(&who, id).await?))
}

/// Disable an account; its sessions and tokens end at once
#[utoipa::path(post, path = "/admin/users/{user}/disable", tag = "Admin: users", responses((status = 200, body = Me)))]
async fn disable_user(State(control): State<Control>, Admin(who): Admin, Path(id): Path<UserId>) -> Answer<Me> {
    control.set_user_disabled(&who, id, true).await?;
    Ok(Json(control.get_user(&who, id).await?))
}

/// Enable a disabled account
#[utoipa::path(post, path = "/admin/users/{user}/enable", tag = "Admin: users", responses((status = 200, body = Me)))]
async fn enable_user(State(control): State<Control>, Admin(who): Admin, Path(id): Path<UserId>) -> Answer<Me> {
    control.set_user_disabled(&who, id, false).await?;
    Ok(Json(control.get_user(&who, id).await?))
}
