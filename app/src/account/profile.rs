//! `/account`: name, e-mail address, password, theme.

use leptos::prelude::*;

use crate::{
    components::{prelude::*, theme_choice::ThemeChoice},
    context::actor,
    load::load,
};

#[component]
pub fn Profile() -> impl IntoView {
    load(async move {
        let actor = actor()?;
        let (name, email) = (actor.name.clone(), actor.email.clone());
        let badge = if actor.email_verified {
            view! { <Badge tone=Tone::Good label="Confirmed" /> }.into_any()
        } else {
            view! { <Badge tone=Tone::Warning label="Not confirmed" /> }.into_any()
        };
        Ok(view! {
            <AccountShell actor=actor title="Profile" current="profile" width=Width::Form>
                <PageHeader title="Profile and security" lede="Yours in every tenant. Times are shown in UTC." />
                <Card title="Name">
                    <Form action="/_fn/profile/change_name" submit="Save" look=Look::Plain id="name">
                        <Field name="name" label="Your name" value=name autocomplete="name" hint="Members of your tenants see it." />
                    </Form>
                </Card>
                <Card title="E-mail address" action=badge>
                    <p>{email}</p>
                    <Form action="/_fn/profile/change_email" submit="Send the confirmation" look=Look::Plain id="email"
                        note="The old address stays until you use the link in the mail.">
                        <Field name="email" label="New address" kind=Kind::Email autocomplete="email" />
                        <Field name="current_password" label="Present password" kind=Kind::Password autocomplete="current-password" />
                    </Form>
                </Card>
                <Card title="Password">
                    <Form action="/_fn/profile/change_password" submit="Change the password" look=Look::Plain id="password"
                        note="All other sessions end.">
                        <Field name="current_password" label="Present password" kind=Kind::Password autocomplete="current-password" />
                        <Field name="password" label="New password" kind=Kind::Password autocomplete="new-password" hint="At least 10 characters." />
                    </Form>
                </Card>
                <Card title="Appearance"><ThemeChoice /></Card>
            </AccountShell>
        })
    })
}
