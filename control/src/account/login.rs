//! Logging in, and proving it again before something weighty.

use std::net::IpAddr;

use mintreu_model::{
    form::{
        Validate,
        account::{ChangeName, ChangePassword, Login},
    },
    view::UserView,
};

use super::{normalise, session, store};
use crate::{Actor, Control, Error, Result, Source, audit::Entry, mail::letter};

impl Control {
    /// The user whose e-mail address and password these are. One answer, and one time, for an
    /// unknown address and a wrong password.
    pub async fn log_in(&self, form: &Login, address: Option<IpAddr>) -> Result<UserView> {
        form.validate()?;
        self.check_password(&form.email, &form.password, address).await
    }

    pub(crate) async fn check_password(&self, email: &str, password: &str, address: Option<IpAddr>) -> Result<UserView> {
        let email = normalise(email);
        self.throttle.attempt("log-in", &email, address)?;
        let user = store::find(&self.db, &email).await?;
        let fits = self.passwords.verify(password, user.as_ref().map(|user| user.password_hash.as_str())).await?;
        user.filter(|user| fits && user.disabled_at.is_none())
            .map(UserView::from)
            .ok_or(Error::Unauthenticated("The e-mail address or the password is wrong."))
    }

    /// Demands the present password before something weighty.
    pub(crate) async fn reauthenticate(&self, actor: &Actor, password: &str) -> Result<()> {
        self.throttle.attempt("re-authenticate", &actor.email, actor.address)?;
        let user = store::find(&self.db, &actor.email).await?;
        if self.passwords.verify(password, user.as_ref().map(|user| user.password_hash.as_str())).await? {
            Ok(())
        } else {
            Err(Error::field("current_password", "invalid", "This is not your present password"))
        }
    }

    /// Changes the password and ends all other sessions.
    pub async fn change_password(&self, actor: &Actor, form: &ChangePassword) -> Result<()> {
        form.validate()?;
        self.reauthenticate(actor, &form.current_password).await?;
        let hash = self.passwords.hash(&form.password, &self.random).await?;
        let keep = match actor.source {
            Source::Session(id) => Some(id),
            Source::Token(_) | Source::Console => None,
        };
        let mut tx = self.db.begin().await?;
        store::set_password(&mut tx, actor.user_id, &hash, self.clock.system_now()).await?;
        session::revoke_all(&mut tx, actor.user_id, keep).await?;
        self.post(&mut tx, &actor.email, &letter::password_changed(&self.config.public_url)).await?;
        self.record(&mut tx, Some(actor), Entry::new("user.change_password", ("user", actor.user_id, &actor.email))).await?;
        tx.commit().await
    }

    pub async fn change_name(&self, actor: &Actor, form: &ChangeName) -> Result<()> {
        form.validate()?;
        let mut tx = self.db.begin().await?;
        store::change_name(&mut tx, actor.user_id, form.name.trim(), self.clock.system_now()).await?;
        let entry = Entry::new("user.rename", ("user", actor.user_id, &actor.email)).before(&actor.name).after(form.name.trim());
        self.record(&mut tx, Some(actor), entry).await?;
        tx.commit().await
    }
}
