//! `/verify?token=…`: the link of a mail. Opening it changes nothing, for programs open links too;
//! the button does.

use leptos::prelude::*;

use crate::{components::prelude::*, context::visitor, load::load};

#[component]
pub fn Verify() -> impl IntoView {
    load(async move {
        let token = Query::current().get("token").unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(view! {
                <AuthShell title="This link is not whole">
                    <p class="muted">"Open it from the mail again, or copy all of it into the address bar."</p>
                </AuthShell>
            }
            .into_any());
        }
        let again = if visitor().is_some() {
            view! { "If the link has expired, "<a href="/account">"ask for a new mail"</a>"." }.into_any()
        } else {
            view! { "If the link has expired, "<a href="/login?next=%2Faccount">"log in"</a>" and ask for a new mail." }.into_any()
        };
        Ok(view! {
            <AuthShell title="Confirm your e-mail address">
                <Form action="/_fn/account/verify_email" submit="Confirm the address" wide=true>
                    <p class="muted">"One click, and the address is yours."</p>
                    <Hidden name="token" value=token />
                </Form>
                <p class="muted small">{again}</p>
            </AuthShell>
        }
        .into_any())
    })
}
