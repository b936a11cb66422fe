//! What goes by e-mail and comes back as a single-use token: verification, a new address, a new
//! password.

use std::net::IpAddr;

use chrono::TimeDelta;
use mintreu_model::{
    form::{
        Validate,
        account::{ChangeEmail, ForgotPassword, ResetPassword, UseToken},
    },
    id::UserId,
};

use super::{normalise, store};
use crate::{Actor, Control, Error, Result, audit::Entry, jobs, keyring::digest, mail::letter, store::Tx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Verify,
    Reset,
    ChangeEmail,
    /// Opens nothing and is sent to nobody: an address that is taken costs the writes of a free one.
    Decoy,
}

impl Purpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::ChangeEmail => "change_email",
            Self::Decoy => "decoy",
        }
    }

    const fn life(self) -> TimeDelta {
        match self {
            Self::Verify | Self::ChangeEmail => TimeDelta::hours(24),
            Self::Reset | Self::Decoy => TimeDelta::hours(1),
        }
    }
}

fn used_up() -> Error {
    Error::field("token", "invalid", "This link has been used or has expired. Ask for a new one.")
}

impl Control {
    /// A token for one purpose; older ones of the same purpose stop working.
    pub(crate) async fn email_token(&self, tx: &mut Tx, user: UserId, purpose: Purpose, email: &str) -> Result<String> {
        let token = self.secret();
        let now = self.clock.system_now();
        store::replace_email_token(tx, user, purpose.as_str(), &digest(&token), email, now, now + purpose.life()).await?;
        Ok(token)
    }

    /// Confirms an address: the first one, or a changed one.
    pub async fn verify_email(&self, form: &UseToken) -> Result<()> {
        form.validate()?;
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        let token = store::take_email_token(&mut tx, &digest(&form.token), &["verify", "change_email"], now).await?.ok_or_else(used_up)?;
        let before = store::get_within(&mut tx, token.user_id).await?.ok_or_else(used_up)?;
        if token.purpose == Purpose::ChangeEmail.as_str() {
            if !store::change_email(&mut tx, token.user_id, &token.email, now).await? {
                return Err(Error::conflict("email_taken", "Another account has this address by now."));
            }
            // Links to the old address open the account no longer.
            store::delete_email_tokens(&mut tx, token.user_id).await?;
            self.post(&mut tx, &before.email, &letter::email_changed(&token.email)).await?;
            self.record(
                &mut tx,
                None,
                Entry::new("user.change_email", ("user", token.user_id, &token.email)).before(&before.email).after(&token.email),
            )
            .await?;
        } else {
            store::mark_verified(&mut tx, token.user_id, now).await?;
            self.record(&mut tx, None, Entry::new("user.verify_email", ("user", token.user_id, &token.email))).await?;
        }
        tx.commit().await
    }

    /// Sends the verification mail again.
    pub async fn resend_verification(&self, actor: &Actor) -> Result<()> {
        self.throttle.attempt("verify", &actor.email, None)?;
        if actor.email_verified {
            return Err(Error::conflict("already_verified", "Your address is confirmed already."));
        }
        let mut tx = self.db.begin().await?;
        let token = self.email_token(&mut tx, actor.user_id, Purpose::Verify, &actor.email).await?;
        self.post(&mut tx, &actor.email, &letter::verify(&self.config.public_url, &token)).await?;
        tx.commit().await
    }

    /// Sends a link to set a new password, if the address has an account: a job looks, so that this
    /// does the same for every address.
    pub async fn forgot_password(&self, form: &ForgotPassword, address: Option<IpAddr>) -> Result<()> {
        form.validate()?;
        let email = normalise(&form.email);
        self.throttle.attempt("forgot", &email, address)?;
        let mut tx = self.db.begin().await?;
        jobs::forgot::enqueue(self, &mut tx, &email).await?;
        tx.commit().await
    }

    /// Writes the mail that `forgot_password` asked for.
    pub(crate) async fn send_reset(&self, email: &str) -> Result<()> {
        let Some(user) = store::find(&self.db, email).await? else { return Ok(()) };
        let mut tx = self.db.begin().await?;
        let token = self.email_token(&mut tx, user.id, Purpose::Reset, email).await?;
        self.post(&mut tx, email, &letter::reset(&self.config.public_url, &token)).await?;
        tx.commit().await
    }

    /// Sets a new password by a mailed link and ends all sessions, API tokens and other mailed links.
    pub async fn reset_password(&self, form: &ResetPassword, address: Option<IpAddr>) -> Result<()> {
        form.validate()?;
        self.throttle.attempt("reset", &form.token, address)?;
        let hash = self.passwords.hash(&form.password, &self.random).await?;
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        let token = store::take_email_token(&mut tx, &digest(&form.token), &["reset"], now).await?.ok_or_else(used_up)?;
        store::set_password(&mut tx, token.user_id, &hash, now).await?;
        // Who reads the mail owns the address.
        store::mark_verified(&mut tx, token.user_id, now).await?;
        store::close_other_doors(&mut tx, token.user_id).await?;
        self.post(&mut tx, &token.email, &letter::password_changed(&self.config.public_url)).await?;
        self.record(&mut tx, None, Entry::new("user.reset_password", ("user", token.user_id, &token.email))).await?;
        tx.commit().await
    }

    /// Sends a confirmation to the new address; the old one stays until it is used.
    pub async fn change_email(&self, actor: &Actor, form: &ChangeEmail) -> Result<()> {
        form.validate()?;
        self.reauthenticate(actor, &form.current_password).await?;
        let email = normalise(&form.email);
        let has_account = store::find(&self.db, &email).await?.is_some();
        let mut tx = self.db.begin().await?;
        let purpose = if has_account { Purpose::Decoy } else { Purpose::ChangeEmail };
        let token = self.email_token(&mut tx, actor.user_id, purpose, &email).await?;
        let url = &self.config.public_url;
        let letter = if has_account { letter::already_registered(url) } else { letter::change_email(url, &token) };
        self.post(&mut tx, &email, &letter).await?;
        tx.commit().await
    }
}
