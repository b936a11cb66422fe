//! Applications: instances of products that tenants provision. An answer comes at once; the work
//! (database, service) is a job whose steps the tenant watches. `mod.rs` makes and reads them,
//! `change.rs` configures, suspends and resumes, `end.rs` deletes and keeps, `operate.rs` is for
//! super admins; `work.rs` is the SQL of the jobs.

mod change;
mod end;
mod operate;
pub(crate) mod store;
pub(crate) mod watch;
pub(crate) mod work;

use mintreu_model::{
    form::{Validate, application::Provision},
    id::ApplicationId,
    list::{List, ListQuery},
    status::{ApplicationStatus, ProductKind},
    view::{ApplicationCreated, ApplicationView, ConfigVersionView, TimelineView},
};
use serde_json::Value;

use crate::{
    Control, Error, Permitted, Result,
    access::{ManageApplications, ViewTenant},
    audit::Entry,
    catalogue::validate_config,
    error::is_duplicate,
    jobs::kind,
    key::Draft,
    provision::steps,
    store::{Change, Tx},
};

const NONE: Error = Error::NotFound("application");

impl Control {
    /// Begins to make an application; its first key comes with it, the secret this once.
    pub async fn provision(&self, who: &Permitted<ManageApplications>, form: &Provision) -> Result<ApplicationCreated> {
        form.validate()?;
        let (actor, tenant, now) = (who.actor(), who.tenant(), self.clock.now());
        if !actor.email_verified {
            return Err(Error::forbidden(
                "email_unverified",
                "Confirm your e-mail address first. The link is in the mail that we sent you.",
            ));
        }
        who.stays()?;
        let mut tx = self.db.begin().await?;
        let ground = store::lock_ground(&mut tx, tenant.id, &form.product).await?.ok_or_else(|| {
            Error::forbidden("no_subscription", format!("{} has no subscription to this product. Subscribe first.", tenant.name))
        })?;
        if ground.product_kind == ProductKind::License || ground.service_name.is_none() {
            return Err(Error::conflict(
                "not_provisionable",
                format!("{} is not a product that applications are made of.", ground.product_name),
            ));
        }
        room(&ground)?;
        let config = validate_config(ground.config_schema.as_ref().map(|schema| &schema.0), &form.config)?;
        let (id, slug, name): (ApplicationId, _, _) = (self.id(), self.slug(&form.name), form.name.trim());
        let new = store::New {
            id,
            tenant: tenant.id,
            subscription: ground.subscription_id,
            product: ground.product_id,
            slug: &slug,
            name,
            config: &config,
            created_by: actor.user_id,
        };
        match store::insert(&mut tx, &new, now).await {
            Err(error) if is_duplicate(&error) => {
                return Err(Error::conflict("name_collision", "The address of this name was just taken. Try again."));
            }
            other => other?,
        }
        for step in steps::plan(&ground) {
            store::plan_step(&mut tx, self.id(), id, &step).await?;
        }
        let key = Draft {
            tenant: tenant.id,
            application: id,
            name: "First key",
            scopes: &[],
            allowed_ips: &[],
            expires_at: None,
            created_by: actor.user_id,
        };
        let key = self.insert_key(&mut tx, &key, now).await?;
        self.enqueue(&mut tx, kind::PROVISION, &id.to_string(), &Value::Null, now).await?;
        let after = store::get_within(&mut tx, self.gateway_url(), tenant.id, id).await?.ok_or(NONE)?;
        self.record(&mut tx, Some(actor), Entry::new("application.create", ("application", id, name)).tenant(tenant.id).after(&after))
            .await?;
        tx.commit().await?;
        Ok(ApplicationCreated { id, status: ApplicationStatus::Provisioning, key })
    }

    /// Applications of the tenant, newest first; `status` filters.
    pub async fn list_applications(&self, who: &Permitted<ViewTenant>, query: &ListQuery) -> Result<List<ApplicationView>> {
        store::list_any(&self.db, self.gateway_url(), Some(who.tenant_id()), query).await
    }

    pub async fn get_application(&self, who: &Permitted<ViewTenant>, id: ApplicationId) -> Result<ApplicationView> {
        store::get(&self.db, self.gateway_url(), who.tenant_id(), id).await?.ok_or(NONE)
    }

    pub async fn get_application_by_slug(&self, who: &Permitted<ViewTenant>, slug: &str) -> Result<ApplicationView> {
        store::get_by_slug(&self.db, self.gateway_url(), who.tenant_id(), slug).await?.ok_or(NONE)
    }

    /// How far its making is, step by step.
    pub async fn get_timeline(&self, who: &Permitted<ViewTenant>, id: ApplicationId) -> Result<TimelineView> {
        let application = self.get_application(who, id).await?;
        self.timeline(application).await
    }

    async fn timeline(&self, application: ApplicationView) -> Result<TimelineView> {
        let steps = store::any_steps(&self.db, application.id).await?;
        Ok(TimelineView { status: application.status, status_reason: application.status_reason, steps })
    }

    /// Versions of the configuration, newest first.
    pub async fn list_config_versions(&self, who: &Permitted<ViewTenant>, id: ApplicationId) -> Result<Vec<ConfigVersionView>> {
        self.get_application(who, id).await?;
        store::configs(&self.db, who.tenant_id(), id).await
    }

    /// Makes a failed application once more, from the step that failed.
    pub async fn retry_application(&self, who: &Permitted<ManageApplications>, id: ApplicationId) -> Result<ApplicationView> {
        who.stays()?;
        let mut tx = self.db.begin().await?;
        let before = self.found(&mut tx, who, id).await?;
        let ground = store::lock_ground_of(&mut tx, who.tenant_id(), id).await?.ok_or(NONE)?;
        served(&ground)?;
        self.retry_within(&mut tx, &before).await?;
        self.close(tx, who, "application.retry", &before).await
    }

    async fn retry_within(&self, tx: &mut Tx, application: &ApplicationView) -> Result<()> {
        let (target, now) = (application.id.to_string(), self.clock.now());
        if !self.restart_any(tx, &target, now).await? {
            return Err(Error::conflict(
                "application_not_failed",
                format!("The application is {}, so there is nothing to try again.", application.status),
            ));
        }
        self.enqueue(tx, kind::PROVISION, &target, &Value::Null, now).await?;
        self.take_over_undo(tx, &target).await
    }

    /// Puts a failed application back to its making; false when it is not failed.
    pub(crate) async fn restart_any(&self, tx: &mut Tx, target: &str, now: chrono::DateTime<chrono::Utc>) -> Result<bool> {
        let Ok(id) = target.parse() else { return Ok(false) };
        if !work::any_set_status(tx, id, ApplicationStatus::Failed, ApplicationStatus::Provisioning, None, now).await? {
            return Ok(false);
        }
        store::reset_steps(tx, id).await?;
        tx.changed(Change::Application(id), now).await?;
        Ok(true)
    }

    async fn found(&self, tx: &mut Tx, who: &Permitted<ManageApplications>, id: ApplicationId) -> Result<ApplicationView> {
        let application = store::get_within(tx, self.gateway_url(), who.tenant_id(), id).await?.ok_or(NONE)?;
        if application.status == ApplicationStatus::Deleted { Err(NONE) } else { Ok(application) }
    }

    /// Records, publishes and commits a change of an application.
    async fn close(
        &self,
        mut tx: Tx,
        who: &Permitted<ManageApplications>,
        action: &str,
        before: &ApplicationView,
    ) -> Result<ApplicationView> {
        let after = store::get_within(&mut tx, self.gateway_url(), who.tenant_id(), before.id).await?.ok_or(NONE)?;
        tx.changed(Change::Application(before.id), self.clock.now()).await?;
        let entry = Entry::new(action, ("application", before.id, &after.name)).tenant(who.tenant_id()).before(before).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        self.told_of(before.id);
        Ok(after)
    }

    fn gateway_url(&self) -> &str {
        &self.config.gateway_url
    }
}

/// The subscription is in a state in which calls are served.
fn served(ground: &store::Ground) -> Result<()> {
    if ground.status.is_served() {
        return Ok(());
    }
    Err(Error::forbidden(
        "subscription_inactive",
        format!("The subscription to {} is {}. Put it in order or subscribe again first.", ground.product_name, ground.status),
    ))
}

/// The plan has room for one more application.
fn room(ground: &store::Ground) -> Result<()> {
    served(ground)?;
    if ground.applications >= ground.max_applications {
        let most = ground.max_applications;
        let noun = if most == 1 { "application" } else { "applications" };
        return Err(Error::conflict("application_limit", format!("Your plan allows {most} {noun}. Delete one or choose a larger plan.")));
    }
    Ok(())
}
