//! Invitations: sent and revoked by who manages members, accepted by who has the link.

use leptos::prelude::*;
use mintreu_control::access::ManageMembers;
use mintreu_model::{
    form::{account::UseToken, tenant::Invite},
    id::InvitationId,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{actor, control, permit},
};

/// An invitation to the tenant of that slug.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub tenant: String,
    pub email: String,
    pub role: Role,
}

#[server(prefix = "/_fn", endpoint = "invitation/create")]
pub async fn create_invitation(form: NewInvitation) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageMembers>(&form.tenant).await?);
    let sent = control.invite(&who, &Invite { email: form.email, role: form.role }).await?;
    Ok(Done::to(format!("/t/{}/team", form.tenant)).saying(format!("The invitation is on its way to {}.", sent.email)))
}

/// Which invitation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneInvitation {
    pub tenant: String,
    pub invitation: InvitationId,
}

#[server(prefix = "/_fn", endpoint = "invitation/revoke")]
pub async fn revoke_invitation(form: OneInvitation) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageMembers>(&form.tenant).await?);
    control.revoke_invitation(&who, form.invitation).await?;
    Ok(Done::to(format!("/t/{}/team", form.tenant)).saying("The invitation is revoked. Its link no longer works."))
}

#[server(prefix = "/_fn", endpoint = "invitation/accept")]
pub async fn accept_invitation(form: UseToken) -> Result<Done, Error> {
    let (control, actor) = (control()?, actor()?);
    let tenant = control.accept_invitation(&actor, &form).await?;
    Ok(Done::to(format!("/t/{}", tenant.slug)).saying(format!("You are now a member of {}.", tenant.name)))
}
