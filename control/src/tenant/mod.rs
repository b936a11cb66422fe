//! Tenants: the organisations that subscribe, their members and invitations. Who is no member
//! learns nothing, not even that a tenant exists.

mod invitation;
mod member;
mod operate;
pub(crate) mod store;

use chrono::TimeDelta;
use mintreu_model::{
    form::{
        Validate,
        tenant::{CreateTenant, DeleteTenant, RenameTenant},
    },
    id::TenantId,
    role::Role,
    status::TenantStatus,
    view::TenantView,
};

use crate::{
    Actor, Control, Error, Permitted, Result,
    access::{ManageTenant, OwnTenant},
    audit::Entry,
    mail::letter,
    setting,
    store::Change,
};

/// Tenants that one person may own at once.
const OWNED_MOST: i64 = 50;

impl Control {
    /// Makes a tenant with the actor as its owner.
    pub async fn create_tenant(&self, actor: &Actor, form: &CreateTenant) -> Result<TenantView> {
        form.validate()?;
        let now = self.clock.now();
        let tenant = TenantView {
            id: self.id(),
            slug: self.slug(&form.name),
            name: form.name.trim().to_owned(),
            status: TenantStatus::Active,
            status_reason: None,
            delete_after: None,
            created_at: now,
        };
        let mut tx = self.db.begin().await?;
        if store::owned(&mut tx, actor.user_id).await? >= OWNED_MOST {
            return Err(Error::conflict("too_many_tenants", format!("You own {OWNED_MOST} tenants already. Delete one first.")));
        }
        store::insert(&mut tx, &tenant).await?;
        store::add_member(&mut tx, tenant.id, actor.user_id, Role::Owner, now).await?;
        self.record(
            &mut tx,
            Some(actor),
            Entry::new("tenant.create", ("tenant", tenant.id, &tenant.name)).tenant(tenant.id).after(&tenant),
        )
        .await?;
        tx.commit().await?;
        Ok(tenant)
    }

    /// The actor's tenants, by name.
    pub async fn list_tenants(&self, actor: &Actor) -> Result<Vec<TenantView>> {
        Ok(store::memberships(&self.db, actor.user_id).await?.into_iter().map(|(tenant, _)| tenant).collect())
    }

    /// Changes the name; the slug stays, so that links do.
    pub async fn rename_tenant(&self, who: &Permitted<ManageTenant>, form: &RenameTenant) -> Result<TenantView> {
        form.validate()?;
        let mut tx = self.db.begin().await?;
        store::rename(&mut tx, who.tenant_id(), form.name.trim(), self.clock.now()).await?;
        let after = store::get_within(&mut tx, who.tenant_id()).await?.ok_or(Error::NotFound("tenant"))?;
        let entry = Entry::new("tenant.rename", ("tenant", after.id, &after.name)).tenant(after.id).before(who.tenant()).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Asks for deletion: keys stop at once, data goes after the grace.
    pub async fn delete_tenant(&self, who: &Permitted<OwnTenant>, form: &DeleteTenant) -> Result<TenantView> {
        form.validate()?;
        let tenant = who.tenant();
        if form.confirm.trim() != tenant.name {
            return Err(Error::field("confirm", "invalid", format!("Type the tenant's name, {}, to confirm", tenant.name)));
        }
        let grace = setting::value(&self.db, setting::TENANT_GRACE).await?;
        let now = self.clock.now();
        let until = now + TimeDelta::days(grace);
        let mut tx = self.db.begin().await?;
        if !store::set_status(&mut tx, tenant.id, TenantStatus::Active, TenantStatus::Deleting, None, Some(until), now).await? {
            return Err(Error::conflict("tenant_not_active", "The tenant is being deleted already, or suspended."));
        }
        tx.changed(Change::Tenant(tenant.id), now).await?;
        let after = store::get_within(&mut tx, tenant.id).await?.ok_or(Error::NotFound("tenant"))?;
        let letter = letter::tenant_deletion(&self.config.public_url, &tenant.slug, &tenant.name, &until.format("%-d %B %Y").to_string());
        for email in store::emails_of(&mut tx, tenant.id, Role::Owner).await? {
            self.post(&mut tx, &email, &letter).await?;
        }
        let entry = Entry::new("tenant.delete", ("tenant", tenant.id, &tenant.name)).tenant(tenant.id).before(tenant).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Takes a deletion back within the grace.
    pub async fn keep_tenant(&self, who: &Permitted<OwnTenant>) -> Result<TenantView> {
        let (tenant, now) = (who.tenant(), self.clock.now());
        let mut tx = self.db.begin().await?;
        if !store::keep(&mut tx, tenant.id, now).await? {
            return Err(Error::conflict("tenant_not_deleting", "The tenant is not being deleted, or the time to keep it is over."));
        }
        tx.changed(Change::Tenant(tenant.id), now).await?;
        let after = store::get_within(&mut tx, tenant.id).await?.ok_or(Error::NotFound("tenant"))?;
        self.record(
            &mut tx,
            Some(who.actor()),
            Entry::new("tenant.keep", ("tenant", tenant.id, &tenant.name)).tenant(tenant.id).before(tenant).after(&after),
        )
        .await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Tenants whose grace is over, for the job that removes them.
    pub async fn tenants_due_for_removal(&self) -> Result<Vec<TenantId>> {
        store::due_for_removal(&self.db, self.clock.now()).await
    }

    /// Removes a tenant whose applications are gone; false while some are left.
    pub async fn remove_tenant(&self, id: TenantId) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        if !store::lock_deleting(&mut tx, id).await? {
            return Ok(true);
        }
        let tenant = store::get_within(&mut tx, id).await?.ok_or(Error::NotFound("tenant"))?;
        if !store::remove_if_empty(&mut tx, id).await? {
            return Ok(false);
        }
        tx.changed(Change::Tenant(id), self.clock.now()).await?;
        self.record(&mut tx, None, Entry::new("tenant.remove", ("tenant", id, &tenant.name)).before(&tenant)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
