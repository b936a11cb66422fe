//! `/t/{tenant}/team/{user}`: the role of a member, and their removal.

use leptos::prelude::*;
use mintreu_control::access::ManageMembers;
use mintreu_model::{role::Role, view::MemberView};

use super::role_options;
use crate::{
    Error,
    components::prelude::*,
    context::control,
    load::load,
    tenant::frame::{frame, param},
};

#[component]
pub fn Member() -> impl IntoView {
    let (slug, user) = (param("tenant"), param("user"));
    load(async move {
        let control = control()?;
        let (who, frame) = frame::<ManageMembers>(&slug).await?;
        let members = control.list_members(&who.also()?).await?;
        let member = members.into_iter().find(|member| member.user_id.to_string() == user).ok_or_else(Error::not_found)?;
        let team = format!("/t/{slug}/team");
        let tenant_name = frame.name.clone();
        let me = member.user_id == who.actor().user_id;
        let removal = (!me).then(|| removal(&member, slug.clone(), tenant_name));
        let (name, roles, held) = (member.name.clone(), role_options(who.role() == Role::Owner), member.role.as_str());
        Ok(view! {
            <TenantShell frame=frame title=member.name.clone() current="team" parents=vec![Crumb::new("Team", team.clone())] width=Width::Form>
                <PageHeader title=name lede=member.email.clone() badge=view! { <Tag label=member.role.title() /> } />
                <Card title="Role">
                    <Form action="/_fn/member/change_role" submit="Save" cancel=team id="role">
                        <Field name="role" label="May do" kind=Kind::Radio(roles) value=held />
                        <Hidden name="tenant" value=slug.clone() />
                        <Hidden name="user" value=user.clone() />
                    </Form>
                </Card>
                {removal}
            </TenantShell>
        })
    })
}

fn removal(member: &MemberView, slug: String, tenant_name: String) -> impl IntoView + use<> {
    let (name, user) = (member.name.clone(), member.user_id.to_string());
    view! {
        <Card title="Remove from the team">
            <p>{name}" loses access to "{tenant_name}" at once. Keys that they made go on working."</p>
            <Form action="/_fn/member/remove" submit="Remove" look=Look::Danger id="remove">
                <Hidden name="tenant" value=slug />
                <Hidden name="user" value=user />
            </Form>
        </Card>
    }
}
