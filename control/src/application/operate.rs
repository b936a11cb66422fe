//! What super admins do with applications: look, and try failed ones again.

use mintreu_model::{
    id::{ApplicationId, TenantId},
    list::{List, ListQuery},
    view::{ApplicationView, TimelineView},
};

use super::{NONE, store};
use crate::{Control, Operator, Result, audit::Entry};

impl Control {
    pub async fn list_any_applications(&self, _: &Operator, query: &ListQuery) -> Result<List<ApplicationView>> {
        store::list_any(&self.db, self.gateway_url(), None, query).await
    }

    /// Those of one tenant, for an operator.
    pub async fn list_any_tenant_applications(&self, _: &Operator, tenant: TenantId, query: &ListQuery) -> Result<List<ApplicationView>> {
        store::list_any(&self.db, self.gateway_url(), Some(tenant), query).await
    }

    pub async fn get_any_application(&self, _: &Operator, id: ApplicationId) -> Result<ApplicationView> {
        store::get_any(&self.db, self.gateway_url(), id).await?.ok_or(NONE)
    }

    pub async fn get_any_timeline(&self, who: &Operator, id: ApplicationId) -> Result<TimelineView> {
        let application = self.get_any_application(who, id).await?;
        self.timeline(application).await
    }

    pub async fn retry_any_application(&self, who: &Operator, id: ApplicationId) -> Result<ApplicationView> {
        let before = self.get_any_application(who, id).await?;
        let mut tx = self.db.begin().await?;
        self.retry_within(&mut tx, &before).await?;
        let entry = Entry::new("application.retry", ("application", id, &before.name)).tenant(before.tenant).before(&before);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        self.told_of(id);
        self.get_any_application(who, id).await
    }
}
