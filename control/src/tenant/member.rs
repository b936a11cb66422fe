//! Members: list, change of role, leaving, removal. A tenant always keeps an owner.

use mintreu_model::{form::tenant::ChangeRole, id::UserId, role::Role, view::MemberView};

use super::store;
use crate::{
    Control, Error, Permitted, Result,
    access::{ManageMembers, ViewTenant},
    audit::Entry,
};

fn last_owner() -> Error {
    Error::conflict("last_owner", "A tenant needs an owner. Make somebody else owner first.")
}

impl Control {
    /// Members by name.
    pub async fn list_members(&self, who: &Permitted<ViewTenant>) -> Result<Vec<MemberView>> {
        store::members(&self.db, who.tenant_id()).await
    }

    pub async fn change_role(&self, who: &Permitted<ManageMembers>, user: UserId, form: &ChangeRole) -> Result<MemberView> {
        let tenant = who.tenant_id();
        let mut tx = self.db.begin().await?;
        let before = store::member(&mut tx, tenant, user).await?.ok_or(Error::NotFound("member"))?;
        if (before.role == Role::Owner || form.role == Role::Owner) && who.role() != Role::Owner {
            return Err(Error::forbidden("forbidden", "Only an owner may make or unmake owners."));
        }
        if before.role == Role::Owner && form.role != Role::Owner && store::owners(&mut tx, tenant).await? < 2 {
            return Err(last_owner());
        }
        store::set_role(&mut tx, tenant, user, form.role).await?;
        let after = MemberView { role: form.role, ..before.clone() };
        let entry = Entry::new("member.change_role", ("user", user, &after.email)).tenant(tenant).before(before.role).after(after.role);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }

    pub async fn remove_member(&self, who: &Permitted<ManageMembers>, user: UserId) -> Result<()> {
        let tenant = who.tenant_id();
        let mut tx = self.db.begin().await?;
        let member = store::member(&mut tx, tenant, user).await?.ok_or(Error::NotFound("member"))?;
        if member.role == Role::Owner && who.role() != Role::Owner {
            return Err(Error::forbidden("forbidden", "Only an owner may remove owners."));
        }
        if member.role == Role::Owner && store::owners(&mut tx, tenant).await? < 2 {
            return Err(last_owner());
        }
        store::remove_member(&mut tx, tenant, user).await?;
        self.record(
            &mut tx,
            Some(who.actor()),
            Entry::new("member.remove", ("user", user, &member.email)).tenant(tenant).before(member.role),
        )
        .await?;
        tx.commit().await
    }

    /// The actor leaves the tenant.
    pub async fn leave_tenant(&self, who: &Permitted<ViewTenant>) -> Result<()> {
        let (tenant, actor) = (who.tenant_id(), who.actor());
        let mut tx = self.db.begin().await?;
        if who.role() == Role::Owner && store::owners(&mut tx, tenant).await? < 2 {
            return Err(last_owner());
        }
        store::remove_member(&mut tx, tenant, actor.user_id).await?;
        self.record(
            &mut tx,
            Some(actor),
            Entry::new("member.leave", ("user", actor.user_id, &actor.email)).tenant(tenant).before(who.role()),
        )
        .await?;
        tx.commit().await
    }
}
