//! What super admins do with tenants: look, suspend, resume, assign members.

use mintreu_model::{
    form::{
        Validate,
        tenant::{AssignMember, SuspendTenant},
    },
    id::TenantId,
    list::{List, ListQuery},
    status::TenantStatus,
    view::{MemberView, TenantRow, TenantView},
};

use super::store;
use crate::{
    Control, Error, Operator, Result, account,
    account::normalise,
    audit::Entry,
    bulk::{Chosen, Report, Tally},
    store::Change,
};

impl Control {
    pub async fn list_any_tenants(&self, _: &Operator, query: &ListQuery) -> Result<List<TenantRow>> {
        store::list(&self.db, query, self.clock.now()).await
    }

    pub async fn get_any_tenant(&self, _: &Operator, id: TenantId) -> Result<TenantView> {
        store::get(&self.db, id).await?.ok_or(Error::NotFound("tenant"))
    }

    pub async fn list_any_members(&self, _: &Operator, id: TenantId) -> Result<Vec<MemberView>> {
        store::members(&self.db, id).await
    }

    /// All calls of the tenant are refused until it is resumed.
    pub async fn suspend_tenant(&self, who: &Operator, id: TenantId, form: &SuspendTenant) -> Result<TenantView> {
        form.validate()?;
        self.move_tenant(who, id, TenantStatus::Active, TenantStatus::Suspended, Some(form.reason.trim()), "tenant.suspend").await
    }

    pub async fn resume_tenant(&self, who: &Operator, id: TenantId) -> Result<TenantView> {
        self.move_tenant(who, id, TenantStatus::Suspended, TenantStatus::Active, None, "tenant.resume").await
    }

    /// The tenants that an action on many is for: chosen ones, or those of a list in this state.
    pub async fn choose_tenants(&self, _: &Operator, chosen: Chosen<TenantId>, state: TenantStatus) -> Result<Vec<TenantId>> {
        match chosen {
            Chosen::Rows(ids) => Ok(ids),
            Chosen::Matching(query) => store::in_state(&self.db, &query, state).await,
        }
    }

    /// Suspends chosen tenants, or all active ones of a list, for the same reason.
    pub async fn suspend_tenants(&self, who: &Operator, chosen: Chosen<TenantId>, form: &SuspendTenant) -> Result<Report> {
        form.validate()?;
        let ids = self.choose_tenants(who, chosen, TenantStatus::Active).await?;
        let mut tally = Tally::of(ids);
        while let Some(id) = tally.next() {
            if let Some(reason) = tally.note(self.suspend_tenant(who, id, form).await)? {
                tally.refuse(self.name_of(id).await?, reason);
            }
        }
        Ok(tally.end())
    }

    /// Resumes chosen tenants, or all suspended ones of a list.
    pub async fn resume_tenants(&self, who: &Operator, chosen: Chosen<TenantId>) -> Result<Report> {
        let ids = self.choose_tenants(who, chosen, TenantStatus::Suspended).await?;
        let mut tally = Tally::of(ids);
        while let Some(id) = tally.next() {
            if let Some(reason) = tally.note(self.resume_tenant(who, id).await)? {
                tally.refuse(self.name_of(id).await?, reason);
            }
        }
        Ok(tally.end())
    }

    async fn name_of(&self, id: TenantId) -> Result<String> {
        Ok(store::get(&self.db, id).await?.map_or_else(|| id.to_string(), |tenant| tenant.name))
    }

    async fn move_tenant(
        &self,
        who: &Operator,
        id: TenantId,
        from: TenantStatus,
        to: TenantStatus,
        reason: Option<&str>,
        action: &str,
    ) -> Result<TenantView> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = store::get_within(&mut tx, id).await?.ok_or(Error::NotFound("tenant"))?;
        if !store::set_status(&mut tx, id, from, to, reason, None, now).await? {
            return Err(Error::conflict("tenant_status", format!("The tenant is {}, so this cannot be done.", before.status)));
        }
        tx.changed(Change::Tenant(id), now).await?;
        let after = store::get_within(&mut tx, id).await?.ok_or(Error::NotFound("tenant"))?;
        self.record(&mut tx, Some(who.actor()), Entry::new(action, ("tenant", id, &after.name)).tenant(id).before(&before).after(&after))
            .await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Makes a registered person a member, or changes their role.
    pub async fn assign_member(&self, who: &Operator, id: TenantId, form: &AssignMember) -> Result<MemberView> {
        form.validate()?;
        let user = account::store::find(&self.db, &normalise(&form.email))
            .await?
            .ok_or_else(|| Error::field("email", "unknown", "Nobody is registered with this address"))?;
        let mut tx = self.db.begin().await?;
        store::get_within(&mut tx, id).await?.ok_or(Error::NotFound("tenant"))?;
        store::add_member(&mut tx, id, user.id, form.role, self.clock.now()).await?;
        store::set_role(&mut tx, id, user.id, form.role).await?;
        if store::owners(&mut tx, id).await? == 0 {
            return Err(Error::conflict("last_owner", "A tenant needs an owner."));
        }
        let member = store::member(&mut tx, id, user.id).await?.ok_or(Error::NotFound("member"))?;
        self.record(&mut tx, Some(who.actor()), Entry::new("member.assign", ("user", user.id, &user.email)).tenant(id).after(form.role))
            .await?;
        tx.commit().await?;
        Ok(member)
    }
}
