//! Personal access tokens.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    form::account::CreateToken,
    id::TokenId,
    list::{List, ListQuery},
    view::{TokenCreated, TokenView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered, Done,
    extract::{Address, Caller, Listing, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(create_token, list_tokens)).routes(routes!(revoke_token))
}

/// Make a token with the account's password; it is shown this once
#[utoipa::path(post, path = "/tokens", tag = "Tokens", request_body = CreateToken, security(()), responses((status = 201, body = TokenCreated)))]
async fn create_token(State(control): State<Control>, Address(address): Address, Body(form): Body<CreateToken>) -> Answered<TokenCreated> {
    Ok((StatusCode::CREATED, Json(control.create_token(&form, address).await?)))
}

/// Own tokens
#[utoipa::path(get, path = "/tokens", tag = "Tokens", params(ListQuery), responses((status = 200, body = List<TokenView>)))]
async fn list_tokens(State(control): State<Control>, Caller(actor): Caller, Listing(query): Listing) -> Answer<List<TokenView>> {
    Ok(Json(part(control.list_tokens(&actor).await?, &query, |token| token.id.to_string())?))
}

/// Revoke one of the own tokens at once
#[utoipa::path(delete, path = "/tokens/{token}", tag = "Tokens", responses((status = 204)))]
async fn revoke_token(State(control): State<Control>, Caller(actor): Caller, Path(id): Path<TokenId>) -> Done {
    control.revoke_token(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
