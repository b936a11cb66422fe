//! Personal access tokens of the REST API: `mtp_…`, hashed at rest, shown once.

use std::net::IpAddr;

use chrono::TimeDelta;
use mintreu_model::{
    form::{
        Validate,
        account::{CreateOwnToken, CreateToken},
    },
    id::{TokenId, UserId},
    view::{TokenCreated, TokenView},
};

use super::store;
use crate::{Actor, Control, Error, Result, Source, audit::Entry, keyring::digest};

impl Control {
    /// A token for who knows the account's password.
    pub async fn create_token(&self, form: &CreateToken, address: Option<IpAddr>) -> Result<TokenCreated> {
        form.validate()?;
        let user = self.check_password(&form.email, &form.password, address).await?;
        let actor = Actor {
            user_id: user.id,
            email: user.email,
            name: user.name,
            email_verified: user.email_verified,
            super_admin: user.super_admin,
            source: Source::Console,
            address,
        };
        self.issue_token(&actor, &form.name, form.expires_in).await
    }

    /// A token for somebody who is logged in.
    pub async fn create_own_token(&self, actor: &Actor, form: &CreateOwnToken) -> Result<TokenCreated> {
        form.validate()?;
        self.reauthenticate(actor, &form.current_password).await?;
        self.issue_token(actor, &form.name, form.expires_in).await
    }

    async fn issue_token(&self, actor: &Actor, name: &str, expires_in: Option<i64>) -> Result<TokenCreated> {
        let now = self.clock.system_now();
        let (id, token): (TokenId, _) = (self.id(), format!("mtp_{}", self.secret()));
        let last_four = token.get(token.len() - 4..).unwrap_or_default();
        let expires_at = expires_in.map(|seconds| now + TimeDelta::seconds(seconds));
        let mut tx = self.db.begin().await?;
        store::insert_token(&mut tx, id, actor.user_id, name.trim(), &digest(&token), last_four, expires_at, now).await?;
        self.record(&mut tx, Some(actor), Entry::new("token.create", ("token", id, name.trim()))).await?;
        tx.commit().await?;
        Ok(TokenCreated { id, token })
    }

    pub async fn list_tokens(&self, actor: &Actor) -> Result<Vec<TokenView>> {
        store::tokens(&self.db, actor.user_id).await
    }

    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let name = store::delete_token(&mut tx, actor.user_id, id).await?.ok_or(Error::NotFound("token"))?;
        self.record(&mut tx, Some(actor), Entry::new("token.revoke", ("token", id, &name))).await?;
        tx.commit().await
    }

    /// The actor behind a token of the REST API.
    pub async fn authenticate_token(&self, token: &str, address: Option<IpAddr>) -> Result<Actor> {
        let refused = Error::Unauthenticated("The token is unknown, expired or revoked.");
        if !token.starts_with("mtp_") || token.len() > 100 {
            return Err(refused);
        }
        let now = self.clock.system_now();
        let Some((id, user, last_used_at)) = store::find_token(&self.db, &digest(token), now).await? else { return Err(refused) };
        if last_used_at.is_none_or(|at| now - at > TimeDelta::minutes(1)) {
            let db = self.db.clone();
            self.in_passing(async move { store::touch_token(&db, id, now).await }).await;
        }
        Ok(user.actor(Source::Token(id), address))
    }

    /// The actor behind a session.
    pub async fn authenticate_session(
        &self,
        user: UserId,
        session: mintreu_model::id::SessionId,
        address: Option<IpAddr>,
    ) -> Result<Option<Actor>> {
        let row = store::get(&self.db, user).await?.filter(|row| row.disabled_at.is_none());
        Ok(row.map(|row| row.actor(Source::Session(session), address)))
    }
}
