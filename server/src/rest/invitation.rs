//! Invitations into a tenant.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageMembers, ViewTenant},
    store::part,
};
use mintreu_model::{
    form::{Validate as _, account::UseToken, tenant::Invite},
    id::{InvitationId, TenantId},
    list::{List, ListQuery},
    view::{InvitationOffer, InvitationView, TenantView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered, Done,
    extract::{Caller, Listing, Member, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(invite, list_invitations))
        .routes(routes!(revoke_invitation))
        .routes(routes!(look_at_invitation))
        .routes(routes!(accept_invitation))
}

/// Invite somebody by e-mail
#[utoipa::path(post, path = "/tenants/{t}/invitations", tag = "Invitations", request_body = Invite, responses((status = 201, body = InvitationView)))]
async fn invite(State(control): State<Control>, Member(who): Member<ManageMembers>, Body(form): Body<Invite>) -> Answered<InvitationView> {
    Ok((StatusCode::CREATED, Json(control.invite(&who, &form).await?)))
}

/// Invitations of the tenant, newest first
#[utoipa::path(get, path = "/tenants/{t}/invitations", tag = "Invitations", params(ListQuery), responses((status = 200, body = List<InvitationView>)))]
async fn list_invitations(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Listing(query): Listing,
) -> Answer<List<InvitationView>> {
    Ok(Json(part(control.list_invitations(&who).await?, &query, |invitation| invitation.id.to_string())?))
}

/// Revoke an open invitation
#[utoipa::path(delete, path = "/tenants/{t}/invitations/{invitation}", tag = "Invitations", responses((status = 204)))]
async fn revoke_invitation(
    State(control): State<Control>,
    Member(who): Member<ManageMembers>,
    Path((_, id)): Path<(TenantId, InvitationId)>,
) -> Done {
    control.revoke_invitation(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Look at what an invitation offers, with the token of its mail
#[utoipa::path(post, path = "/invitations/look", tag = "Invitations", request_body = UseToken, security(()), responses((status = 200, body = InvitationOffer)))]
async fn look_at_invitation(State(control): State<Control>, Body(form): Body<UseToken>) -> Answer<InvitationOffer> {
    form.validate()?;
    Ok(Json(control.get_invitation_offer(&form.token).await?))
}

/// Accept an invitation with the token of its mail
#[utoipa::path(post, path = "/invitations/accept", tag = "Invitations", request_body = UseToken, responses((status = 200, body = TenantView)))]
async fn accept_invitation(State(control): State<Control>, Caller(actor): Caller, Body(form): Body<UseToken>) -> Answer<TenantView> {
    Ok(Json(control.accept_invitation(&actor, &form).await?))
}
