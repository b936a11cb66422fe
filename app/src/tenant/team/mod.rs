//! `/t/{tenant}/team`: members and invitations.

pub mod invite;
pub mod leave;
pub mod member;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{
    role::{Permission, Role},
    status::InvitationStatus,
    view::{InvitationView, MemberView},
};

pub use self::{invite::Invite, leave::Leave, member::Member};
use super::frame::{frame, param};
use crate::{components::prelude::*, context::control, load::load};

#[component]
pub fn Team() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let control = control()?;
        let (who, frame) = frame::<ViewTenant>(&slug).await?;
        let members = control.list_members(&who).await?;
        let invitations = control.list_invitations(&who).await?;
        let (may, me, now) = (who.role().may(Permission::ManageMembers), who.actor().user_id, control.clock.system_now());
        let people = if members.len() == 1 { "1 member".to_owned() } else { format!("{} members", members.len()) };
        let columns = vec![Column::new("Member"), Column::new("Role"), Column::new("Since")];
        let rows = members
            .into_iter()
            .map(|member| {
                member_row(
                    &slug,
                    &member,
                    member.user_id == me,
                    may && (member.role != Role::Owner || who.role() == Role::Owner),
                    control.clock.now(),
                )
            })
            .collect();
        let invite = may.then(|| {
            view! { <LinkButton href=format!("/t/{slug}/team/invite") label="Invite" look=Look::Primary icon="plus" /> }.into_any()
        });
        let invited = invitations_card(&slug, invitations, may, now);
        Ok(view! {
            <TenantShell frame=frame title="Team" current="team" action=invite>
                <PageHeader title="Team" lede="Who belongs to this tenant, and what they may do." />
                <Card title="Members" note=people flush=true><Table caption="Members by name" columns=columns rows=rows /></Card>
                {invited}
                <Card title="What the roles may do"><DefinitionList facts=Role::ALL.map(|role| (role.title(), role.hint().into())).into() /></Card>
                <Card title="Leave this tenant" action=view! {
                    <LinkButton href=format!("/t/{slug}/team/leave") label="Leave…" look=Look::Danger />
                }>
                    <p class="muted small">"You lose access at once. Somebody who manages members can invite you again."</p>
                </Card>
            </TenantShell>
        })
    })
}

fn member_row(slug: &str, member: &MemberView, me: bool, may: bool, now: DateTime<Utc>) -> Row {
    let row = Row::new(cells![
        view! {
            <span>{member.name.clone()}{me.then(|| view! { " "<Tag label="You" accent=true /> })}</span>
            <span class="sub">{member.email.clone()}</span>
        },
        member.role.title(),
        view! { <When at=member.joined_at now=now /> },
    ]);
    if may {
        let href = format!("/t/{slug}/team/{}", member.user_id);
        row.actions(view! { <LinkButton href=href label="Manage" small=true about=member.name.clone() /> })
    } else {
        row
    }
}

/// Open invitations and those that came to nothing; accepted ones are members by now.
fn invitations_card(slug: &str, invitations: Vec<InvitationView>, may: bool, now: DateTime<Utc>) -> Option<AnyView> {
    let shown: Vec<_> = invitations.into_iter().filter(|invitation| invitation.status != InvitationStatus::Accepted).take(25).collect();
    if shown.is_empty() && !may {
        return None;
    }
    let body = if shown.is_empty() {
        view! {
            <EmptyState icon="mail" title="No open invitations"
                actions=view! { <LinkButton href=format!("/t/{slug}/team/invite") label="Invite somebody" /> }>
                "Invite colleagues by e-mail. The link works once, for their address only."
            </EmptyState>
        }
        .into_any()
    } else {
        let columns =
            vec![Column::new("E-mail"), Column::new("Role"), Column::new("Status"), Column::new("Sent by"), Column::new("Expires")];
        let rows = shown.into_iter().map(|invitation| invitation_row(slug, invitation, may, now)).collect();
        view! { <Table caption="Invitations, the newest first" columns=columns rows=rows /> }.into_any()
    };
    Some(view! { <Card title="Invitations" flush=true>{body}</Card> }.into_any())
}

fn invitation_row(slug: &str, invitation: InvitationView, may: bool, now: DateTime<Utc>) -> Row {
    let pending = invitation.status == InvitationStatus::Pending;
    let row = Row::new(cells![
        invitation.email.clone(),
        invitation.role.title(),
        view! { <Status name=invitation.status.as_str() /> },
        invitation.invited_by.unwrap_or_else(|| "A former member".to_owned()),
        view! { <When at=invitation.expires_at now=now /> },
    ]);
    if !(may && pending) {
        return row;
    }
    let fields = vec![("tenant", slug.to_owned()), ("invitation", invitation.id.to_string())];
    row.actions(view! { <PostButton action="/_fn/invitation/revoke" label="Revoke" small=true fields=fields about=invitation.email /> })
}

/// Roles to choose from, with what they are for.
fn role_options(owner: bool) -> Vec<(String, String)> {
    let roles = Role::ALL.into_iter().filter(|role| owner || *role != Role::Owner);
    roles.map(|role| (role.as_str().to_owned(), format!("{}: {}", role.title(), role.hint().to_lowercase()))).collect()
}
