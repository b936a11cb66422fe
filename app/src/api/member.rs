//! Members of a tenant: roles, removal, leaving.

use leptos::prelude::*;
use mintreu_control::access::{ManageMembers, ViewTenant};
use mintreu_model::{form::tenant as forms, id::UserId, role::Role};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    account::home::home,
    context::{control, permit},
};

/// A role for a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    pub tenant: String,
    pub user: UserId,
    pub role: Role,
}

#[server(prefix = "/_fn", endpoint = "member/change_role")]
pub async fn change_role(form: NewRole) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageMembers>(&form.tenant).await?);
    let member = control.change_role(&who, form.user, &forms::ChangeRole { role: form.role }).await?;
    Ok(Done::to(format!("/t/{}/team", form.tenant)).saying(format!("{} is now {}.", member.name, member.role.title().to_lowercase())))
}

/// Which member.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneMember {
    pub tenant: String,
    pub user: UserId,
}

#[server(prefix = "/_fn", endpoint = "member/remove")]
pub async fn remove_member(form: OneMember) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageMembers>(&form.tenant).await?);
    control.remove_member(&who, form.user).await?;
    Ok(Done::to(format!("/t/{}/team", form.tenant)).saying("The member is removed and has no access any more."))
}

/// Which tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTenant {
    pub tenant: String,
}

#[server(prefix = "/_fn", endpoint = "member/leave")]
pub async fn leave_tenant(form: OneTenant) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ViewTenant>(&form.tenant).await?);
    control.leave_tenant(&who).await?;
    Ok(Done::to(home(who.actor()).await?).saying(format!("You have left {}.", who.tenant().name)))
}
