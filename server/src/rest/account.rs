//! The caller's account, and how one comes to have one.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    form::account::{ChangeEmail, ChangeName, ChangePassword, ForgotPassword, Register, ResetPassword, UseToken},
    id::SessionId,
    list::{List, ListQuery},
    view::{Me, SessionView},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered, Done,
    extract::{Address, Caller, Listing, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(verify_email))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
        .routes(routes!(get_me, rename_me))
        .routes(routes!(resend_verification))
        .routes(routes!(change_password))
        .routes(routes!(change_email))
        .routes(routes!(list_sessions, revoke_other_sessions))
        .routes(routes!(revoke_session))
}

/// What happens next.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    message: String,
}

fn message(text: &str) -> Json<Message> {
    Json(Message { message: text.to_owned() })
}

/// Register an account
///
/// The answer is the same whether or not the address is taken; the mail that follows tells.
#[utoipa::path(post, path = "/users", tag = "Account", request_body = Register, security(()), responses((status = 202, body = Message)))]
async fn register(State(control): State<Control>, Address(address): Address, Body(form): Body<Register>) -> Answered<Message> {
    control.register(&form, address).await?;
    Ok((StatusCode::ACCEPTED, message("If the address is free, a mail with a link to confirm it is on its way.")))
}

/// Confirm an e-mail address with the token of the mail
#[utoipa::path(post, path = "/users/verify", tag = "Account", request_body = UseToken, security(()), responses((status = 200, body = Message)))]
async fn verify_email(State(control): State<Control>, Body(form): Body<UseToken>) -> Answer<Message> {
    control.verify_email(&form).await?;
    Ok(message("The address is confirmed."))
}

/// Ask for a mail that lets a forgotten password be set anew
#[utoipa::path(post, path = "/users/forgot-password", tag = "Account", request_body = ForgotPassword, security(()), responses((status = 202, body = Message)))]
async fn forgot_password(State(control): State<Control>, Address(address): Address, Body(form): Body<ForgotPassword>) -> Answered<Message> {
    control.forgot_password(&form, address).await?;
    Ok((StatusCode::ACCEPTED, message("If there is such an account, a mail is on its way.")))
}

/// Set a new password with the token of the mail
#[utoipa::path(post, path = "/users/reset-password", tag = "Account", request_body = ResetPassword, security(()), responses((status = 200, body = Message)))]
async fn reset_password(State(control): State<Control>, Address(address): Address, Body(form): Body<ResetPassword>) -> Answer<Message> {
    control.reset_password(&form, address).await?;
    Ok(message("The password is changed."))
}

/// Who is calling, with memberships, roles and permissions
#[utoipa::path(get, path = "/me", tag = "Account", responses((status = 200, body = Me)))]
async fn get_me(State(control): State<Control>, Caller(actor): Caller) -> Answer<Me> {
    Ok(Json(control.me(&actor).await?))
}

/// Change the own name
#[utoipa::path(patch, path = "/me", tag = "Account", request_body = ChangeName, responses((status = 200, body = Me)))]
async fn rename_me(State(control): State<Control>, Caller(actor): Caller, Body(form): Body<ChangeName>) -> Answer<Me> {
    control.change_name(&actor, &form).await?;
    Ok(Json(control.me(&actor).await?))
}

/// Have the mail that confirms the own address sent again
#[utoipa::path(post, path = "/me/resend-verification", tag = "Account", responses((status = 202, body = Message)))]
async fn resend_verification(State(control): State<Control>, Caller(actor): Caller) -> Answered<Message> {
    control.resend_verification(&actor).await?;
    Ok((StatusCode::ACCEPTED, message("A mail is on its way.")))
}

/// Change the own password; ends all sessions
#[utoipa::path(post, path = "/me/password", tag = "Account", request_body = ChangePassword, responses((status = 204)))]
async fn change_password(State(control): State<Control>, Caller(actor): Caller, Body(form): Body<ChangePassword>) -> Done {
    control.change_password(&actor, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change the own e-mail address; it counts once the new one is confirmed
#[utoipa::path(post, path = "/me/email", tag = "Account", request_body = ChangeEmail, responses((status = 202, body = Message)))]
async fn change_email(State(control): State<Control>, Caller(actor): Caller, Body(form): Body<ChangeEmail>) -> Answered<Message> {
    control.change_email(&actor, &form).await?;
    Ok((StatusCode::ACCEPTED, message("Open the mail at the new address to confirm it.")))
}

/// Own browser sessions, the latest used first
#[utoipa::path(get, path = "/me/sessions", tag = "Account", params(ListQuery), responses((status = 200, body = List<SessionView>)))]
async fn list_sessions(State(control): State<Control>, Caller(actor): Caller, Listing(query): Listing) -> Answer<List<SessionView>> {
    Ok(Json(part(control.list_sessions(&actor).await?, &query, |session| session.id.to_string())?))
}

/// End all own browser sessions
#[utoipa::path(delete, path = "/me/sessions", tag = "Account", responses((status = 204)))]
async fn revoke_other_sessions(State(control): State<Control>, Caller(actor): Caller) -> Done {
    control.revoke_other_sessions(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of the own browser sessions
#[utoipa::path(delete, path = "/me/sessions/{session}", tag = "Account", responses((status = 204)))]
async fn revoke_session(State(control): State<Control>, Caller(actor): Caller, Path(id): Path<SessionId>) -> Done {
    control.revoke_session(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
