//! The audit log: who did what to which object, from where, before and after. Entries are written
//! in the transaction of the change and never touched again.

pub(crate) mod store;

use mintreu_model::{
    id::TenantId,
    list::{List, ListQuery},
    view::AuditView,
};
use serde::Serialize;
use serde_json::Value;

use crate::{Actor, Control, Operator, Permitted, Result, access::ViewAudit, store::Tx};

/// An entry in the making: `Entry::new("key.revoke", ("key", id, name)).tenant(t).before(&view)`.
#[derive(Debug)]
pub struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) target_kind: &'a str,
    pub(crate) target_id: String,
    pub(crate) target_name: &'a str,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl<'a> Entry<'a> {
    #[must_use]
    pub fn new(action: &'a str, (kind, id, name): (&'a str, impl ToString, &'a str)) -> Self {
        Self { action, target_kind: kind, target_id: id.to_string(), target_name: name, tenant: None, before: None, after: None }
    }

    #[must_use]
    pub const fn tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// State before the change; must hold no secret.
    #[must_use]
    pub fn before(mut self, state: impl Serialize) -> Self {
        self.before = serde_json::to_value(state).ok();
        self
    }

    /// State after the change; must hold no secret.
    #[must_use]
    pub fn after(mut self, state: impl Serialize) -> Self {
        self.after = serde_json::to_value(state).ok();
        self
    }
}

impl Control {
    /// Writes an entry with the transaction. `actor` is none for work that nobody asked for.
    pub(crate) async fn record(&self, tx: &mut Tx, actor: Option<&Actor>, entry: Entry<'_>) -> Result<()> {
        store::insert(tx, self.id(), self.clock.now(), actor, entry).await
    }

    /// The tenant's entries, newest first.
    pub async fn list_audit(&self, who: &Permitted<ViewAudit>, query: &ListQuery) -> Result<List<AuditView>> {
        store::list(&self.db, Some(who.tenant_id()), query).await
    }

    /// Everybody's entries, newest first.
    pub async fn list_any_audit(&self, _: &Operator, query: &ListQuery) -> Result<List<AuditView>> {
        store::list(&self.db, None, query).await
    }

    /// Those about one tenant, for an operator, newest first.
    pub async fn list_any_tenant_audit(&self, _: &Operator, tenant: TenantId, query: &ListQuery) -> Result<List<AuditView>> {
        store::list(&self.db, Some(tenant), query).await
    }
}
