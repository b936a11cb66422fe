//! The end of an application: keys stop at once, data goes after a grace within which its tenant
//! can keep it. What was never ready has nothing to keep and goes at once.

use chrono::TimeDelta;
use mintreu_model::{
    form::{Validate, application::DeleteApplication},
    id::ApplicationId,
    status::ApplicationStatus,
    view::ApplicationView,
};
use serde_json::Value;

use super::{NONE, room, store};
use crate::{Control, Error, Permitted, Result, access::ManageApplications, jobs::kind, setting};

impl Control {
    /// Asks for deletion. With a form, the application's name must be typed in it. Asking again
    /// changes nothing.
    pub async fn delete_application(
        &self,
        who: &Permitted<ManageApplications>,
        id: ApplicationId,
        form: Option<&DeleteApplication>,
    ) -> Result<ApplicationView> {
        if let Some(form) = form {
            form.validate()?;
        }
        let grace = setting::value(&self.db, setting::APPLICATION_GRACE).await?;
        let (tenant, now) = (who.tenant_id(), self.clock.now());
        let mut tx = self.db.begin().await?;
        let before = self.found(&mut tx, who, id).await?;
        if form.is_some_and(|form| form.confirm.trim() != before.name) {
            return Err(Error::field("confirm", "invalid", format!("Type the application's name, {}, to confirm", before.name)));
        }
        if before.status == ApplicationStatus::Deleting {
            return Ok(before);
        }
        let until = store::condemn(&mut tx, tenant, id, now + TimeDelta::days(grace), now).await?.ok_or(NONE)?;
        if until <= now {
            self.enqueue(&mut tx, kind::DELETE, &id.to_string(), &Value::Null, now).await?;
        }
        self.close(tx, who, "application.delete", &before).await
    }

    /// Takes a deletion back within the grace.
    pub async fn keep_application(&self, who: &Permitted<ManageApplications>, id: ApplicationId) -> Result<ApplicationView> {
        who.stays()?;
        let mut tx = self.db.begin().await?;
        let ground = store::lock_ground_of(&mut tx, who.tenant_id(), id).await?.ok_or(NONE)?;
        let before = self.found(&mut tx, who, id).await?;
        if before.status != ApplicationStatus::Deleting {
            return Err(Error::conflict("application_not_deleting", "The application is not being deleted."));
        }
        room(&ground)?;
        if !store::keep(&mut tx, who.tenant_id(), id, self.clock.now()).await? {
            return Err(Error::conflict("application_gone", "It is too late: its data is being removed."));
        }
        self.close(tx, who, "application.keep", &before).await
    }
}
