//! What super admins do to many things at once: to chosen rows of a list, or to all that the list
//! holds with its filter. A report of what could not be done goes along to the list.

use leptos::prelude::*;
use mintreu_control::bulk::{Chosen, Report};
use mintreu_model::{
    form::tenant as forms,
    id::{JobId, TenantId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    components::query::Query,
    context::{control, operator},
    tenant::words::count,
};

/// Whether an action is for the chosen rows or for all that match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    #[default]
    Rows,
    All,
}

/// What the form of a list says.
#[must_use]
pub fn chosen<I>(ids: Vec<I>, scope: Scope, query: &str) -> Chosen<I> {
    match scope {
        Scope::Rows => Chosen::Rows(ids),
        Scope::All => Chosen::Matching(Query::parse(query.trim_start_matches('?')).list()),
    }
}

/// Reasons that are told, and names with each.
const TOLD: usize = 8;

/// The outcome: back to the list as it was, with how many were done and why others were not.
fn outcome(report: Report, page: &str, query: &str, done: (&str, &str)) -> Done {
    let state = Query::parse(query.trim_start_matches('?')).href();
    let location = if state == "?" { page.to_owned() } else { format!("{page}{state}") };
    let Report { done: number, refused, left } = report;
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let mut message = if number == 0 { "Nothing was changed.".to_owned() } else { count(number, done.0, done.1) };
    if left > 0 {
        message = format!("{message} {left} are left: do it again for them.");
    }
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for one in refused {
        match reasons.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, names)) => names.push(one.name),
            None => reasons.push((one.reason, vec![one.name])),
        }
    }
    let told = reasons.into_iter().take(TOLD).map(|(reason, names)| {
        let more = names.len().saturating_sub(TOLD);
        let mut text = names.into_iter().take(TOLD).collect::<Vec<_>>().join(", ");
        if more > 0 {
            text = format!("{text} and {more} more");
        }
        (reason, text)
    });
    Done::to(location).saying(message).showing(told.collect())
}

/// Rows of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "I: Serialize + serde::de::DeserializeOwned")]
pub struct Rows<I> {
    #[serde(default = "Vec::new")]
    ids: Vec<I>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    query: String,
}

/// Starts jobs anew.
#[server(prefix = "/_fn", endpoint = "job/retry_many")]
pub async fn retry_jobs(form: Rows<JobId>) -> Result<Done, Error> {
    let who = operator()?;
    let report = control()?.retry_jobs(&who, chosen(form.ids, form.scope, &form.query)).await?;
    Ok(outcome(report, "/admin/jobs", &form.query, ("job is on the queue again.", "jobs are on the queue again.")))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspensions {
    #[serde(default)]
    ids: Vec<TenantId>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    query: String,
    reason: String,
}

/// Refuses all calls of tenants.
#[server(prefix = "/_fn", endpoint = "tenant/suspend_many")]
pub async fn suspend_tenants(form: Suspensions) -> Result<Done, Error> {
    let who = operator()?;
    let reason = forms::SuspendTenant { reason: form.reason };
    let report = control()?.suspend_tenants(&who, chosen(form.ids, form.scope, &form.query), &reason).await?;
    Ok(outcome(report, "/admin/tenants", &form.query, ("tenant is suspended.", "tenants are suspended.")))
}

/// Lets suspended tenants go on.
#[server(prefix = "/_fn", endpoint = "tenant/resume_many")]
pub async fn resume_tenants(form: Rows<TenantId>) -> Result<Done, Error> {
    let who = operator()?;
    let report = control()?.resume_tenants(&who, chosen(form.ids, form.scope, &form.query)).await?;
    Ok(outcome(report, "/admin/tenants", &form.query, ("tenant works again.", "tenants work again.")))
}
