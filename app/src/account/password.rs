//! `/forgot` and `/reset?token=…`: a new password by mail.

use leptos::prelude::*;

use super::register::KeptMail;
use crate::{components::prelude::*, context::control, load::load};

#[component]
pub fn Forgot() -> impl IntoView {
    view! {
        <AuthShell title="Set a new password" lede=view! { "Remembered it? "<a href="/login">"Log in"</a> }>
            <Form action="/_fn/account/forgot_password" submit="Send the link" wide=true>
                <Field name="email" label="E-mail" kind=Kind::Email autocomplete="username" hint="We send a link there, if the address has an account." />
            </Form>
        </AuthShell>
    }
}

#[component]
pub fn ForgotSent() -> impl IntoView {
    load(async move {
        let kept = control()?.config.smtp_url.is_none();
        Ok(view! {
            <AuthShell title="Check your mail">
                <div class="stack">
                    <p>"If the address has an account, a link to set a new password is on its way. It works for one hour."</p>
                    <KeptMail kept=kept />
                    <p class="muted small">"No mail after a few minutes? Look among the unwanted ones, or "<a href="/forgot">"try again"</a>"."</p>
                </div>
            </AuthShell>
        })
    })
}

#[component]
pub fn Reset() -> impl IntoView {
    let token = Query::current().get("token").unwrap_or_default().to_owned();
    view! {
        <AuthShell title="Set a new password" lede=view! { "Link too old? "<a href="/forgot">"Ask for a new one"</a> }>
            <Form action="/_fn/account/reset_password" submit="Set the password" wide=true>
                <Field name="password" label="New password" kind=Kind::Password autocomplete="new-password"
                    hint="At least 10 characters. All sessions end, this one included." />
                <Hidden name="token" value=token />
            </Form>
        </AuthShell>
    }
}
