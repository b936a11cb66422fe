//! The inbox of a tenant: what its members should know, kept for half a year. A notification is
//! written with the change that it speaks of, mostly beside a mail of the same words; every member
//! reads it for themselves. To add one, call `notify` with a letter.

mod store;

use chrono::TimeDelta;
use mintreu_model::{
    id::{NotificationId, TenantId},
    list::{List, ListQuery},
    view::{NotificationView, Unread},
};

use crate::{
    Control, Error, Permitted, Result,
    access::ViewTenant,
    mail::Letter,
    store::{Tx, execute},
};

const KEPT: TimeDelta = TimeDelta::days(183);

impl Control {
    /// Tells the tenant's members what a letter says, with the transaction.
    pub(crate) async fn notify(&self, tx: &mut Tx, tenant: TenantId, kind: &str, letter: &Letter) -> Result<()> {
        let id: NotificationId = self.id();
        store::insert(tx, id, tenant, kind, &letter.words(&self.config.public_url), self.clock.now()).await
    }

    /// Notifications, newest first; `status` is `read` or `unread`.
    pub async fn list_notifications(&self, who: &Permitted<ViewTenant>, query: &ListQuery) -> Result<List<NotificationView>> {
        store::list(&self.db, who.tenant_id(), who.actor().user_id, query).await
    }

    /// How many the caller has not read.
    pub async fn count_unread(&self, who: &Permitted<ViewTenant>) -> Result<Unread> {
        Ok(Unread { unread: store::count_unread(&self.db, who.tenant_id(), who.actor().user_id).await? })
    }

    /// Notes that the caller read it; again changes nothing.
    pub async fn read_notification(&self, who: &Permitted<ViewTenant>, id: NotificationId) -> Result<NotificationView> {
        let (tenant, user) = (who.tenant_id(), who.actor().user_id);
        let mut tx = self.db.begin().await?;
        store::mark_read(&mut tx, tenant, user, Some(id), self.clock.now()).await?;
        tx.commit().await?;
        store::get(&self.db, tenant, user, id).await?.ok_or(Error::NotFound("notification"))
    }

    /// Notes that the caller read all that there are.
    pub async fn read_all_notifications(&self, who: &Permitted<ViewTenant>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        store::mark_read(&mut tx, who.tenant_id(), who.actor().user_id, None, self.clock.now()).await?;
        tx.commit().await
    }

    pub(crate) async fn prune_notifications(&self, tx: &mut Tx) -> Result<()> {
        execute!(tx, sqlx::query("DELETE FROM notifications WHERE created_at <= $1").bind(self.clock.now() - KEPT)).map(drop)
    }
}
