//! Changes of an application: its name, its configuration, whether it serves calls.

use mintreu_model::{
    form::{Validate, application::UpdateApplication},
    id::ApplicationId,
    status::ApplicationStatus,
    view::ApplicationView,
};
use serde_json::Value;

use super::{NONE, served, store};
use crate::{
    Control, Error, Permitted, Result, access::ManageApplications, catalogue::validate_config, jobs::kind, provision::steps, store::Change,
};

impl Control {
    /// Renames, configures, says which pages may call it. The service is told of a configuration by a job, whose step
    /// is in the timeline.
    pub async fn update_application(
        &self,
        who: &Permitted<ManageApplications>,
        id: ApplicationId,
        form: &UpdateApplication,
    ) -> Result<ApplicationView> {
        form.validate()?;
        who.stays()?;
        let (tenant, now) = (who.tenant_id(), self.clock.now());
        let mut tx = self.db.begin().await?;
        let ground = store::lock_ground_of(&mut tx, tenant, id).await?.ok_or(NONE)?;
        let before = self.found(&mut tx, who, id).await?;
        if before.status == ApplicationStatus::Deleting {
            return Err(Error::conflict("application_deleting", "The application is being deleted. Keep it first."));
        }
        if let Some(name) = &form.name {
            store::rename(&mut tx, tenant, id, name.trim(), now).await?;
        }
        if let Some(config) = &form.config {
            let config = validate_config(ground.config_schema.as_ref().map(|schema| &schema.0), config)?;
            if config != before.config {
                let version = store::set_config(&mut tx, tenant, id, &config, now).await?;
                store::insert_config(&mut tx, id, version, &config, who.actor().user_id, now).await?;
                if ground.lifecycle == Some(true) {
                    store::plan_step(&mut tx, self.id(), id, &steps::configure()).await?;
                }
                self.enqueue(&mut tx, kind::CONFIGURE, &id.to_string(), &Value::Null, now).await?;
            }
        }
        if let Some(origins) = form.origins().filter(|origins| *origins != before.allowed_origins) {
            store::set_origins(&mut tx, tenant, id, &origins, now).await?;
            tx.changed(Change::Origins, now).await?;
        }
        self.close(tx, who, "application.update", &before).await
    }

    /// Calls are refused until it is resumed; its data stays.
    pub async fn suspend_application(&self, who: &Permitted<ManageApplications>, id: ApplicationId) -> Result<ApplicationView> {
        let mut tx = self.db.begin().await?;
        let before = self.found(&mut tx, who, id).await?;
        if !store::suspend(&mut tx, who.tenant_id(), id, self.clock.now()).await? {
            return Err(Error::conflict(
                "application_not_active",
                format!("The application is {}; only an active one can be suspended.", before.status),
            ));
        }
        self.close(tx, who, "application.suspend", &before).await
    }

    /// Calls are served again, where the subscription serves.
    pub async fn resume_application(&self, who: &Permitted<ManageApplications>, id: ApplicationId) -> Result<ApplicationView> {
        who.stays()?;
        let mut tx = self.db.begin().await?;
        let ground = store::lock_ground_of(&mut tx, who.tenant_id(), id).await?.ok_or(NONE)?;
        let before = self.found(&mut tx, who, id).await?;
        served(&ground)?;
        if !store::resume(&mut tx, who.tenant_id(), id, self.clock.now()).await? {
            return Err(Error::conflict(
                "application_not_suspended",
                format!("The application is {}; only a suspended one can be resumed.", before.status),
            ));
        }
        self.close(tx, who, "application.resume", &before).await
    }
}
