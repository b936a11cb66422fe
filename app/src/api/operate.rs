//! What super admins do with tenants, users, applications and jobs. Each proves that by `operator`.

use leptos::prelude::*;
use mintreu_model::{
    form::tenant as forms,
    id::{ApplicationId, JobId, TenantId, UserId},
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, operator},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suspension {
    tenant: TenantId,
    reason: String,
}

/// Refuses all calls of a tenant.
#[server(prefix = "/_fn", endpoint = "tenant/suspend")]
pub async fn suspend_tenant(form: Suspension) -> Result<Done, Error> {
    let who = operator()?;
    let tenant = control()?.suspend_tenant(&who, form.tenant, &forms::SuspendTenant { reason: form.reason }).await?;
    Ok(Done::to(format!("/admin/tenants/{}", tenant.id)).saying(format!("{} is suspended. Its calls are refused.", tenant.name)))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameTenant {
    tenant: TenantId,
}

/// Lets a suspended tenant go on.
#[server(prefix = "/_fn", endpoint = "tenant/resume")]
pub async fn resume_tenant(form: SameTenant) -> Result<Done, Error> {
    let who = operator()?;
    let tenant = control()?.resume_tenant(&who, form.tenant).await?;
    Ok(Done::to(format!("/admin/tenants/{}", tenant.id)).saying(format!("{} works again.", tenant.name)))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    tenant: TenantId,
    email: String,
    role: Role,
}

/// Makes somebody a member, or gives a member another role.
#[server(prefix = "/_fn", endpoint = "member/assign")]
pub async fn assign_member(form: Assignment) -> Result<Done, Error> {
    let who = operator()?;
    let member = control()?.assign_member(&who, form.tenant, &forms::AssignMember { email: form.email, role: form.role }).await?;
    Ok(Done::to(format!("/admin/tenants/{}/members", form.tenant)).saying(format!(
        "{} is {} now.",
        member.name,
        member.role.title().to_lowercase()
    )))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameUser {
    user: UserId,
}

/// Ends an account's sessions and tokens, and lets it in no more.
#[server(prefix = "/_fn", endpoint = "user/disable")]
pub async fn disable_user(form: SameUser) -> Result<Done, Error> {
    let who = operator()?;
    control()?.set_user_disabled(&who, form.user, true).await?;
    Ok(Done::to(format!("/admin/users/{}", form.user)).saying("The account is disabled."))
}

/// Lets an account in again.
#[server(prefix = "/_fn", endpoint = "user/enable")]
pub async fn enable_user(form: SameUser) -> Result<Done, Error> {
    let who = operator()?;
    control()?.set_user_disabled(&who, form.user, false).await?;
    Ok(Done::to(format!("/admin/users/{}", form.user)).saying("The account works again."))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameApplication {
    application: ApplicationId,
}

/// Tries a provisioning that failed again.
#[server(prefix = "/_fn", endpoint = "application/retry_any")]
pub async fn retry_any_application(form: SameApplication) -> Result<Done, Error> {
    let who = operator()?;
    control()?.retry_any_application(&who, form.application).await?;
    Ok(Done::to(format!("/admin/applications/{}", form.application)).saying("Trying again."))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameJob {
    job: JobId,
}

/// Starts a job anew.
#[server(prefix = "/_fn", endpoint = "job/retry")]
pub async fn retry_job(form: SameJob) -> Result<Done, Error> {
    let who = operator()?;
    control()?.retry_job(&who, form.job).await?;
    Ok(Done::to("/admin/jobs").saying("The job is on the queue again."))
}
