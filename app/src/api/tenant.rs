//! Tenants: made, renamed, deleted with a grace, kept.

use leptos::prelude::*;
use mintreu_control::access::{ManageTenant, OwnTenant};
use mintreu_model::form::tenant as forms;
use serde::{Deserialize, Serialize};

use super::member::OneTenant;
use crate::{
    Done, Error,
    context::{actor, control, permit},
    local::next,
};

/// A tenant, and where its maker was going. `{tenant}` in `next` becomes its slug.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    pub name: String,
    #[serde(default)]
    pub next: Option<String>,
}

#[server(prefix = "/_fn", endpoint = "tenant/create")]
pub async fn create_tenant(form: NewTenant) -> Result<Done, Error> {
    let (control, actor) = (control()?, actor()?);
    let tenant = control.create_tenant(&actor, &forms::CreateTenant { name: form.name }).await?;
    let wanted = form.next.map(|next| next.replace("{tenant}", &tenant.slug));
    let location = next(wanted.as_deref()).map_or_else(|| format!("/t/{}", tenant.slug), str::to_owned);
    Ok(Done::to(location).saying(format!("{} is made. You are its owner.", tenant.name)))
}

/// Another name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    pub tenant: String,
    pub name: String,
}

#[server(prefix = "/_fn", endpoint = "tenant/rename")]
pub async fn rename_tenant(form: NewName) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageTenant>(&form.tenant).await?);
    let tenant = control.rename_tenant(&who, &forms::RenameTenant { name: form.name }).await?;
    Ok(Done::to(format!("/t/{}/settings", tenant.slug)).saying(format!("The tenant is now called {}.", tenant.name)))
}

/// The name, typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    pub tenant: String,
    pub confirm: String,
}

#[server(prefix = "/_fn", endpoint = "tenant/delete")]
pub async fn delete_tenant(form: Deletion) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<OwnTenant>(&form.tenant).await?);
    let tenant = control.delete_tenant(&who, &forms::DeleteTenant { confirm: form.confirm }).await?;
    Ok(Done::to(format!("/t/{}/settings", tenant.slug)).saying("The deletion has begun. You can keep the tenant until the day it ends."))
}

#[server(prefix = "/_fn", endpoint = "tenant/keep")]
pub async fn keep_tenant(form: OneTenant) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<OwnTenant>(&form.tenant).await?);
    let tenant = control.keep_tenant(&who).await?;
    Ok(Done::to(format!("/t/{}/settings", tenant.slug)).saying(format!("{} stays, and its keys work again.", tenant.name)))
}
