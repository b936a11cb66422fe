//! `/register?next=…&email=…` and what follows it. The answer is the same whether or not the
//! address has an account; the mail tells.

use leptos::prelude::*;

use super::login::{KeepNext, entrance};
use crate::{
    components::prelude::*,
    context::{control, visitor},
    load::load,
    local::next,
};

#[component]
pub fn Registration() -> impl IntoView {
    load(async move {
        let query = Query::current();
        let target = next(query.get("next")).map(str::to_owned);
        if visitor().is_some() {
            leptos_axum::redirect(target.as_deref().unwrap_or("/dashboard"));
        }
        let email = query.get("email").unwrap_or_default().to_owned();
        let log_in = entrance("/login", target.as_deref(), query.get("email"));
        Ok(view! {
            <AuthShell title="Create an account" lede=view! { "Have one already? "<a href=log_in>"Log in"</a> }>
                <Form action="/_fn/account/register" submit="Create account" wide=true>
                    <Field name="name" label="Your name" autocomplete="name" />
                    <Field name="email" label="Work e-mail" kind=Kind::Email autocomplete="username" value=email />
                    <Field name="password" label="Password" kind=Kind::Password autocomplete="new-password" hint="At least 10 characters. A few words are good." />
                    <KeepNext target=target />
                </Form>
            </AuthShell>
        })
    })
}

#[component]
pub fn Registered() -> impl IntoView {
    load(async move {
        let query = Query::current();
        let log_in = entrance("/login", query.get("next"), None);
        let kept = control()?.config.smtp_url.is_none();
        Ok(view! {
            <AuthShell title="Check your mail">
                <div class="stack">
                    <p>"We have sent you a link to confirm your address. It works for 24 hours."</p>
                    <p class="muted small">
                        "If you had an account already, the mail says so, and nothing has changed. You can log in before you confirm the address."
                    </p>
                    <KeptMail kept=kept />
                    <LinkButton href=log_in label="Log in" look=Look::Primary wide=true />
                </div>
            </AuthShell>
        })
    })
}

/// Where mail is, on an installation that sends none.
#[component]
pub fn KeptMail(kept: bool) -> impl IntoView {
    kept.then(|| {
        view! {
            <p class="hint">"This installation has no mail server. A super admin finds the mail in the back office, under Mail."</p>
        }
    })
}
