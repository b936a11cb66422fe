//! Keys of an application.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageKeys, ViewTenant},
};
use mintreu_model::{
    form::application::{CreateKey, RotateKey},
    id::{ApiKeyId, ApplicationId, TenantId},
    list::{List, ListQuery},
    view::{KeyCreated, KeyView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered, Done,
    extract::{Listing, Member, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(create_key, list_keys)).routes(routes!(get_key, revoke_key)).routes(routes!(rotate_key))
}

type Ids = (TenantId, ApplicationId, ApiKeyId);

/// Make a key; its secret is shown this once
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/keys", tag = "Keys", request_body = CreateKey, responses((status = 201, body = KeyCreated)))]
async fn create_key(
    State(control): State<Control>,
    Member(who): Member<ManageKeys>,
    Path((_, application)): Path<(TenantId, ApplicationId)>,
    Body(form): Body<CreateKey>,
) -> Answered<KeyCreated> {
    Ok((StatusCode::CREATED, Json(control.create_key(&who, application, &form).await?)))
}

/// Keys of an application
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/keys", tag = "Keys", params(ListQuery), responses((status = 200, body = List<KeyView>)))]
async fn list_keys(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, application)): Path<(TenantId, ApplicationId)>,
    Listing(query): Listing,
) -> Answer<List<KeyView>> {
    Ok(Json(control.list_keys(&who, application, &query).await?))
}

/// One key
#[utoipa::path(get, path = "/tenants/{t}/applications/{application}/keys/{key}", tag = "Keys", responses((status = 200, body = KeyView)))]
async fn get_key(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, application, id)): Path<Ids>,
) -> Answer<KeyView> {
    Ok(Json(control.get_key(&who, application, id).await?))
}

/// Put a new key in the place of another, which lives on through the grace
#[utoipa::path(post, path = "/tenants/{t}/applications/{application}/keys/{key}/rotate", tag = "Keys", request_body = RotateKey, responses((status = 201, body = KeyCreated)))]
async fn rotate_key(
    State(control): State<Control>,
    Member(who): Member<ManageKeys>,
    Path((_, application, id)): Path<Ids>,
    Body(form): Body<RotateKey>,
) -> Answered<KeyCreated> {
    Ok((StatusCode::CREATED, Json(control.rotate_key(&who, application, id, &form).await?)))
}

/// Revoke a key at once
#[utoipa::path(delete, path = "/tenants/{t}/applications/{application}/keys/{key}", tag = "Keys", responses((status = 204)))]
async fn revoke_key(State(control): State<Control>, Member(who): Member<ManageKeys>, Path((_, application, id)): Path<Ids>) -> Done {
    control.revoke_key(&who, application, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
