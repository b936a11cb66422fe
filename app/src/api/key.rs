//! Forms about the keys of an application. `tenant` and `application` are slugs.

use leptos::prelude::*;
use mintreu_control::{
    Control, Permitted,
    access::{ManageKeys, ViewTenant},
};
use mintreu_model::{
    form::{application as forms, lenient, page::KeyPage},
    id::{ApiKeyId, ApplicationId},
    problem::Problem,
    view::KeyCreated,
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, permit},
};

async fn find(tenant: &str, application: &str) -> Result<(Control, Permitted<ManageKeys>, ApplicationId), Error> {
    let (control, who) = (control()?, permit::<ManageKeys>(tenant).await?);
    let id = control.get_application_by_slug(&who.also::<ViewTenant>()?, application).await?.id;
    Ok((control, who, id))
}

fn created(tenant: &str, application: &str, key: KeyCreated) -> Done {
    Done::to(format!("/t/{tenant}/applications/{application}/keys/{}/created", key.id))
        .showing(vec![("Client ID".into(), key.client_id), ("Client secret".into(), key.client_secret)])
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewKey {
    tenant: String,
    application: String,
    name: String,
    /// One per line.
    #[serde(default)]
    scopes: String,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    expires_in_days: Option<i64>,
    /// One per line.
    #[serde(default)]
    allowed_ips: String,
}

/// Creates a key; the next page shows its secret.
#[server(prefix = "/_fn", endpoint = "key/create")]
pub async fn create_key(form: NewKey) -> Result<Done, Error> {
    let (control, who, application) = find(&form.tenant, &form.application).await?;
    let page = KeyPage { name: form.name, scopes: form.scopes, expires_in_days: form.expires_in_days, allowed_ips: form.allowed_ips };
    let wanted = page.create(control.clock.now()).map_err(Problem::fields)?;
    let key = control.create_key(&who, application, &wanted).await?;
    Ok(created(&form.tenant, &form.application, key))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rotation {
    tenant: String,
    application: String,
    key: ApiKeyId,
    #[serde(deserialize_with = "lenient::number")]
    grace_seconds: i64,
}

/// Makes a successor; the next page shows its secret.
#[server(prefix = "/_fn", endpoint = "key/rotate")]
pub async fn rotate_key(form: Rotation) -> Result<Done, Error> {
    let (control, who, application) = find(&form.tenant, &form.application).await?;
    let key = control.rotate_key(&who, application, form.key, &forms::RotateKey { grace_seconds: form.grace_seconds }).await?;
    Ok(created(&form.tenant, &form.application, key))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameKey {
    tenant: String,
    application: String,
    key: ApiKeyId,
}

/// The key stops at once.
#[server(prefix = "/_fn", endpoint = "key/revoke")]
pub async fn revoke_key(form: SameKey) -> Result<Done, Error> {
    let (control, who, application) = find(&form.tenant, &form.application).await?;
    control.revoke_key(&who, application, form.key).await?;
    Ok(Done::to(format!("/t/{}/applications/{}/keys", form.tenant, form.application))
        .saying("The key is revoked. Calls with it are refused."))
}
