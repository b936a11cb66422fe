//! What a person changes about themselves: name, address, password, sessions, tokens.

use leptos::prelude::*;
use mintreu_model::{
    form::account as forms,
    id::{SessionId, TokenId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{actor, control},
};

#[server(prefix = "/_fn", endpoint = "profile/change_name")]
pub async fn change_name(form: forms::ChangeName) -> Result<Done, Error> {
    control()?.change_name(&actor()?, &form).await?;
    Ok(Done::to("/account").saying("Your name is changed."))
}

#[server(prefix = "/_fn", endpoint = "profile/change_email")]
pub async fn change_email(form: forms::ChangeEmail) -> Result<Done, Error> {
    control()?.change_email(&actor()?, &form).await?;
    Ok(Done::to("/account").saying(format!("We sent a mail to {}. The address changes when you use its link.", form.email.trim())))
}

#[server(prefix = "/_fn", endpoint = "profile/change_password")]
pub async fn change_password(form: forms::ChangePassword) -> Result<Done, Error> {
    control()?.change_password(&actor()?, &form).await?;
    Ok(Done::to("/account").saying("Your password is changed, and all other sessions are ended."))
}

/// Which session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneSession {
    pub session: SessionId,
}

#[server(prefix = "/_fn", endpoint = "session/revoke")]
pub async fn revoke_session(form: OneSession) -> Result<Done, Error> {
    control()?.revoke_session(&actor()?, form.session).await?;
    Ok(Done::to("/account/sessions").saying("The session is ended."))
}

#[server(prefix = "/_fn", endpoint = "session/revoke_others")]
pub async fn revoke_other_sessions() -> Result<Done, Error> {
    control()?.revoke_other_sessions(&actor()?).await?;
    Ok(Done::to("/account/sessions").saying("All other sessions are ended."))
}

#[server(prefix = "/_fn", endpoint = "token/create")]
pub async fn create_token(form: forms::CreateOwnToken) -> Result<Done, Error> {
    let created = control()?.create_own_token(&actor()?, &form).await?;
    Ok(Done::to("/account/tokens").showing(vec![("Token".to_owned(), created.token)]))
}

/// Which token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneToken {
    pub token_id: TokenId,
}

#[server(prefix = "/_fn", endpoint = "token/revoke")]
pub async fn revoke_token(form: OneToken) -> Result<Done, Error> {
    control()?.revoke_token(&actor()?, form.token_id).await?;
    Ok(Done::to("/account/tokens").saying("The token is revoked. Programs that use it are refused from now on."))
}
