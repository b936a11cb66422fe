//! Accounts: registration, log-in and log-out, links from e-mails, passwords.

use leptos::prelude::*;
use mintreu_model::{form::account as forms, id::UserId, problem::Problem};
use serde::{Deserialize, Serialize};
use tower_sessions::{Expiry, cookie::time::Duration};

use crate::{
    Done, Error,
    account::home::home,
    components::query::encode,
    context::{SESSION_ADDRESS, SESSION_DEVICE, SESSION_USER, actor, control, device, session, visitor},
    local::{next, posted_from},
};

/// How long “Stay logged in” lasts.
const REMEMBERED: Duration = Duration::days(30);

/// A registration, and where the person was going.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: String,
    #[serde(default)]
    pub next: Option<String>,
}

/// `?next=…` when there is somewhere to go.
fn with_next(page: &str, wanted: Option<&str>) -> String {
    match next(wanted) {
        Some(target) => format!("{page}{}next={}", if page.contains('?') { '&' } else { '?' }, encode(target)),
        None => page.to_owned(),
    }
}

#[server(prefix = "/_fn", endpoint = "account/register")]
pub async fn register(form: SignUp) -> Result<Done, Error> {
    let account = forms::Register { name: form.name, email: form.email, password: form.password };
    control()?.register(&account, device().address).await?;
    Ok(Done::to(with_next("/register/sent", form.next.as_deref())))
}

/// A link that was used or is too old: said of the whole form, for nobody typed the token.
fn as_used_up(error: mintreu_control::Error) -> Error {
    match error {
        mintreu_control::Error::Invalid(errors) if errors.iter().all(|error| error.field == "token") => {
            let detail = "This link has been used or has expired. Ask for a new one.";
            Error(Problem::new(422, "link_used_up", "This link no longer works", detail))
        }
        other => other.into(),
    }
}

/// A wrong password is a mistake in the form, not a reason to be sent to the log-in.
fn as_mistake(error: mintreu_control::Error) -> Error {
    match error {
        mintreu_control::Error::Unauthenticated(detail) => Error(Problem::new(422, "log_in_failed", "You are not logged in", detail)),
        other => other.into(),
    }
}

#[server(prefix = "/_fn", endpoint = "account/log_in")]
pub async fn log_in(form: forms::Login) -> Result<Done, Error> {
    let (control, session, device) = (control()?, session()?, device());
    let user = control.log_in(&form, device.address).await.map_err(as_mistake)?;
    begin_session(&session, user.id, &device, form.remember).await.map_err(|error| {
        tracing::error!(%error, "a session could not be begun");
        Error::session_unavailable()
    })?;
    Ok(Done::to(next(form.next.as_deref()).unwrap_or("/dashboard")))
}

/// A new id for the session, so that one known before the log-in is worth nothing after it.
async fn begin_session(
    session: &tower_sessions::Session,
    user: UserId,
    device: &crate::context::DeviceInfo,
    remember: bool,
) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(SESSION_USER, user).await?;
    session.insert(SESSION_DEVICE, &device.name).await?;
    if let Some(address) = device.address {
        session.insert(SESSION_ADDRESS, address.to_string()).await?;
    }
    if remember {
        session.set_expiry(Some(Expiry::OnInactivity(REMEMBERED)));
    }
    Ok(())
}

/// Where to go after it; a path of ours.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AfterLogOut {
    #[serde(default)]
    pub next: Option<String>,
}

#[server(prefix = "/_fn", endpoint = "account/log_out")]
pub async fn log_out(#[server(default)] form: AfterLogOut) -> Result<Done, Error> {
    session()?.flush().await.map_err(|error| {
        tracing::error!(%error, "a session could not be ended");
        Error::session_unavailable()
    })?;
    Ok(Done::to(next(form.next.as_deref()).unwrap_or("/login")).saying("You are logged out."))
}

#[server(prefix = "/_fn", endpoint = "account/verify_email")]
pub async fn verify_email(form: forms::UseToken) -> Result<Done, Error> {
    control()?.verify_email(&form).await.map_err(as_used_up)?;
    let location = match visitor() {
        Some(actor) => home(&actor).await?,
        None => "/login".to_owned(),
    };
    Ok(Done::to(location).saying("Your e-mail address is confirmed."))
}

#[server(prefix = "/_fn", endpoint = "account/resend_verification")]
pub async fn resend_verification() -> Result<Done, Error> {
    let (back, actor) = (posted_from(), actor()?);
    control()?.resend_verification(&actor).await?;
    Ok(Done::to(back.unwrap_or_else(|| "/account".to_owned())).saying(format!("A mail is on its way to {}.", actor.email)))
}

#[server(prefix = "/_fn", endpoint = "account/forgot_password")]
pub async fn forgot_password(form: forms::ForgotPassword) -> Result<Done, Error> {
    control()?.forgot_password(&form, device().address).await?;
    Ok(Done::to("/forgot/sent"))
}

#[server(prefix = "/_fn", endpoint = "account/reset_password")]
pub async fn reset_password(form: forms::ResetPassword) -> Result<Done, Error> {
    control()?.reset_password(&form, device().address).await.map_err(as_used_up)?;
    Ok(Done::to("/login").saying("Your new password is set. Log in with it."))
}
