//! `/invitation?token=…`: what is offered, and the way to take it up. Accepting needs the account
//! with the address that was invited.

use leptos::prelude::*;
use mintreu_model::view::InvitationOffer;

use super::login::entrance;
use crate::{
    components::prelude::*,
    context::{control, visitor},
    load::load,
    request::PageRequest,
};

#[component]
pub fn Invitation() -> impl IntoView {
    load(async move {
        let token = Query::current().get("token").unwrap_or_default().to_owned();
        let (here, person) = (PageRequest::current().target(), visitor());
        let offer = control()?.get_invitation_offer(&token).await?;
        let action = match person {
            None => enter(&offer, &here).into_any(),
            Some(person) if person.email == offer.email => view! {
                <Form action="/_fn/invitation/accept" submit="Accept the invitation" wide=true><Hidden name="token" value=token /></Form>
            }
            .into_any(),
            Some(person) => change_account(&offer, person.email, here).into_any(),
        };
        let by = offer.invited_by.clone().unwrap_or_else(|| "The team".to_owned());
        let role = offer.role;
        Ok(view! {
            <AuthShell title=format!("Join {}", offer.tenant_name)>
                <div class="stack">
                    <p>{by}" invites "<b>{offer.email.clone()}</b>" to "{offer.tenant_name.clone()}" as "{role.title().to_lowercase()}"."</p>
                    <p class="muted small">{role.title()}": "{role.hint()}"."</p>
                </div>
                {action}
            </AuthShell>
        })
    })
}

fn enter(offer: &InvitationOffer, here: &str) -> impl IntoView + use<> {
    let register = entrance("/register", Some(here), Some(&offer.email));
    let log_in = entrance("/login", Some(here), Some(&offer.email));
    view! {
        <div class="stack">
            <LinkButton href=register label="Create an account" look=Look::Primary wide=true />
            <LinkButton href=log_in label="Log in" wide=true />
            <p class="muted small">"You come back here afterwards. The link in the mail works until then."</p>
        </div>
    }
}

fn change_account(offer: &InvitationOffer, email: String, here: String) -> impl IntoView + use<> {
    let invited = offer.email.clone();
    view! {
        <div class="stack">
            <Banner tone=Tone::Warning>"You are logged in as "<b>{email}</b>". The invitation is for "<b>{invited}</b>"."</Banner>
            <PostButton action="/_fn/account/log_out" label="Log out and change account" fields=vec![("next", here)] />
        </div>
    }
}
