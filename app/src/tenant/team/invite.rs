//! `/t/{tenant}/team/invite`.

use leptos::prelude::*;
use mintreu_control::access::ManageMembers;
use mintreu_model::role::Role;

use super::role_options;
use crate::{
    components::prelude::*,
    load::load,
    tenant::frame::{frame, param},
};

#[component]
pub fn Invite() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (who, frame) = frame::<ManageMembers>(&slug).await?;
        let team = format!("/t/{slug}/team");
        let parents = vec![Crumb::new("Team", team.clone())];
        let roles = role_options(who.role() == Role::Owner);
        Ok(view! {
            <TenantShell frame=frame title="Invite" current="team" parents=parents width=Width::Form>
                <PageHeader title="Invite somebody" lede="They get a mail with a link that works once, for their address only." />
                <Card>
                    <Form action="/_fn/invitation/create" submit="Send the invitation" cancel=team>
                        <Field name="email" label="E-mail" kind=Kind::Email autocomplete="off" />
                        <Field name="role" label="Role" kind=Kind::Radio(roles) value="developer" hint="You can change it at any time." />
                        <Hidden name="tenant" value=slug />
                    </Form>
                </Card>
            </TenantShell>
        })
    })
}
