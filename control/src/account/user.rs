//! Users as they see themselves and as super admins see them.

use mintreu_model::{
    id::UserId,
    list::{List, ListQuery},
    view::{Me, MembershipView, UserView},
};

use super::{session, store};
use crate::{Actor, Control, Error, Operator, Result, audit::Entry, tenant};

impl Control {
    pub async fn me(&self, actor: &Actor) -> Result<Me> {
        self.account(actor.user_id).await
    }

    /// Accounts there are; for the command line.
    pub async fn count_any_users(&self) -> Result<i64> {
        store::count(&self.db).await
    }

    pub async fn list_users(&self, _: &Operator, query: &ListQuery) -> Result<List<UserView>> {
        store::list(&self.db, query).await
    }

    /// A user with their memberships.
    pub async fn get_user(&self, _: &Operator, id: UserId) -> Result<Me> {
        self.account(id).await
    }

    async fn account(&self, id: UserId) -> Result<Me> {
        let user = store::get(&self.db, id).await?.ok_or(Error::NotFound("user"))?.into();
        let memberships = tenant::store::memberships(&self.db, id)
            .await?
            .into_iter()
            .map(|(tenant, role)| MembershipView { tenant, role, permissions: role.permissions().to_vec() })
            .collect();
        Ok(Me { user, memberships })
    }

    /// Disables or enables an account; disabling ends its sessions and tokens.
    pub async fn set_user_disabled(&self, who: &Operator, id: UserId, disabled: bool) -> Result<()> {
        if disabled && id == who.actor().user_id {
            return Err(Error::conflict("own_account", "You cannot disable your own account."));
        }
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        let user = store::get_within(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
        store::set_disabled(&mut tx, id, disabled.then_some(now), now).await?;
        if disabled {
            session::revoke_all(&mut tx, id, None).await?;
            store::delete_tokens(&mut tx, id).await?;
        }
        let action = if disabled { "user.disable" } else { "user.enable" };
        self.record(&mut tx, Some(who.actor()), Entry::new(action, ("user", id, &user.email))).await?;
        tx.commit().await
    }
}
