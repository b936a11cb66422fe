//! Forms about applications. `tenant` and `application` are slugs.

use std::collections::BTreeMap;

use leptos::prelude::*;
use mintreu_control::{
    Control, Permitted,
    access::{ManageApplications, ViewTenant},
};
use mintreu_model::{
    form::{application as forms, config::coerce_config},
    view::ApplicationView,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Done, Error,
    components::time::day,
    context::{control, permit},
    tenant::config_form,
};

/// An application by its address, and proof that the person may change it.
async fn find(tenant: &str, application: &str) -> Result<(Control, Permitted<ManageApplications>, ApplicationView), Error> {
    let (control, who) = (control()?, permit::<ManageApplications>(tenant).await?);
    let found = control.get_application_by_slug(&who.also::<ViewTenant>()?, application).await?;
    Ok((control, who, found))
}

/// The values as the product's schema has them.
async fn read_config(
    control: &Control,
    who: &Permitted<ManageApplications>,
    product: &str,
    typed: BTreeMap<String, String>,
) -> Result<Map<String, Value>, Error> {
    let schema = config_form::schema(control, &who.also::<ViewTenant>()?, product).await?;
    let typed = typed.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok(match schema {
        Some(schema) => coerce_config(&schema, typed),
        None => Map::new(),
    })
}

fn address(tenant: &str, application: &str, tab: &str) -> String {
    format!("/t/{tenant}/applications/{application}{tab}")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewApplication {
    tenant: String,
    product: String,
    name: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

/// Provisions an application; its page shows the secret of the first key.
#[server(prefix = "/_fn", endpoint = "application/create")]
pub async fn create_application(form: NewApplication) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ManageApplications>(&form.tenant).await?);
    let config = read_config(&control, &who, &form.product, form.config).await?;
    let made = control.provision(&who, &forms::Provision { product: form.product, name: form.name, config }).await?;
    let application = control.get_application(&who.also::<ViewTenant>()?, made.id).await?;
    Ok(Done::to(address(&form.tenant, &application.slug, ""))
        .showing(vec![("Client ID".into(), made.key.client_id), ("Client secret".into(), made.key.client_secret)]))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Configuration {
    tenant: String,
    application: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

/// Changes the configuration.
#[server(prefix = "/_fn", endpoint = "application/configure")]
pub async fn configure_application(form: Configuration) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    let config = read_config(&control, &who, &found.product, form.config).await?;
    let to = Done::to(address(&form.tenant, &form.application, "/config"));
    if config == found.config {
        return Ok(to.saying("Nothing was changed: the configuration is as it was."));
    }
    control.update_application(&who, found.id, &forms::UpdateApplication { config: Some(config), ..Default::default() }).await?;
    Ok(to.saying("The configuration is saved."))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewName {
    tenant: String,
    application: String,
    name: String,
}

/// Renames the application; its address stays.
#[server(prefix = "/_fn", endpoint = "application/rename")]
pub async fn rename_application(form: NewName) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    control.update_application(&who, found.id, &forms::UpdateApplication { name: Some(form.name), ..Default::default() }).await?;
    Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying("The new name is saved."))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrowserAccess {
    tenant: String,
    application: String,
    /// One a line.
    #[serde(default)]
    allowed_origins: String,
}

/// Says whose pages may call it from a browser.
#[server(prefix = "/_fn", endpoint = "application/allow_origins")]
pub async fn allow_origins(form: BrowserAccess) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    let origins: Vec<String> = form.allowed_origins.split_whitespace().map(str::to_owned).collect();
    let change = forms::UpdateApplication { allowed_origins: Some(origins), ..Default::default() };
    let after = control.update_application(&who, found.id, &change).await?;
    let said = if after.allowed_origins.is_empty() { "No page is allowed to call it." } else { "The origins are saved." };
    Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying(said))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameApplication {
    tenant: String,
    application: String,
}

/// Tries a provisioning that failed again.
#[server(prefix = "/_fn", endpoint = "application/retry")]
pub async fn retry_application(form: SameApplication) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    control.retry_application(&who, found.id).await?;
    Ok(Done::to(address(&form.tenant, &form.application, "")).saying("Trying again."))
}

/// Its keys stop at once; nothing is deleted.
#[server(prefix = "/_fn", endpoint = "application/suspend")]
pub async fn suspend_application(form: SameApplication) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    control.suspend_application(&who, found.id).await?;
    Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying(format!("{} is suspended.", found.name)))
}

/// Its keys work again.
#[server(prefix = "/_fn", endpoint = "application/resume")]
pub async fn resume_application(form: SameApplication) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    control.resume_application(&who, found.id).await?;
    Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying(format!("{} works again.", found.name)))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deletion {
    tenant: String,
    application: String,
    /// The name, typed.
    confirm: String,
}

/// Deletes the application when the time to think again is over.
#[server(prefix = "/_fn", endpoint = "application/delete")]
pub async fn delete_application(form: Deletion) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    let deleted = control.delete_application(&who, found.id, Some(&forms::DeleteApplication { confirm: form.confirm })).await?;
    match deleted.delete_after {
        Some(at) => Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying(format!(
            "{} is deleted on {}. Until then you can keep it.",
            found.name,
            day(at)
        ))),
        None => Ok(Done::to(format!("/t/{}/applications", form.tenant)).saying(format!("{} is being deleted.", found.name))),
    }
}

/// Takes a deletion back.
#[server(prefix = "/_fn", endpoint = "application/keep")]
pub async fn keep_application(form: SameApplication) -> Result<Done, Error> {
    let (control, who, found) = find(&form.tenant, &form.application).await?;
    control.keep_application(&who, found.id).await?;
    Ok(Done::to(address(&form.tenant, &form.application, "/settings")).saying(format!("{} is kept.", found.name)))
}
