//! Keys: the client id and client secret that an application calls with. A secret is shown once
//! and kept as its SHA-256; what a key may do is told to the gateway as a [`Grant`]. Expiry is
//! judged by business time, as the gateway does.

mod grant;
pub(crate) mod store;

use chrono::{DateTime, TimeDelta, Utc};
pub use grant::{DatabaseUrl, Grant};
use ipnet::IpNet;
use mintreu_model::{
    credential::{generate_client_id, generate_secret},
    form::{
        Validate,
        application::{CreateKey, RotateKey},
    },
    id::{ApiKeyId, ApplicationId, TenantId, UserId},
    list::{List, ListQuery},
    route::Scope,
    view::{KeyCreated, KeyView},
};

use crate::{
    Control, Error, Permitted, Result,
    access::{ManageKeys, ViewTenant},
    audit::Entry,
    keyring::digest,
    store::{Change, Tx},
};

/// Keys of one application that are neither revoked nor expired.
const LIVE_MOST: i64 = 100;

/// What a new key is made of.
pub(crate) struct Draft<'a> {
    pub tenant: TenantId,
    pub application: ApplicationId,
    pub name: &'a str,
    pub scopes: &'a [Scope],
    pub allowed_ips: &'a [IpNet],
    pub expires_at: Option<DateTime<Utc>>,
    pub created_by: UserId,
}

impl Control {
    pub async fn create_key(&self, who: &Permitted<ManageKeys>, application: ApplicationId, form: &CreateKey) -> Result<KeyCreated> {
        form.validate()?;
        who.stays()?;
        let now = self.clock.now();
        if form.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::field("expires_at", "out_of_range", "Choose a time in the future"));
        }
        let mut tx = self.db.begin().await?;
        self.room_for_key(&mut tx, who.tenant_id(), application, now).await?;
        let draft = Draft {
            tenant: who.tenant_id(),
            application,
            name: form.name.trim(),
            scopes: &form.scopes,
            allowed_ips: &form.allowed_ips,
            expires_at: form.expires_at,
            created_by: who.actor().user_id,
        };
        let created = self.insert_key(&mut tx, &draft, now).await?;
        let after = key(&mut tx, who.tenant_id(), application, created.id, now).await?;
        let entry = Entry::new("key.create", ("key", created.id, draft.name)).tenant(who.tenant_id()).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// Keys of the application, newest first. `status` of the query filters by the derived status.
    pub async fn list_keys(&self, who: &Permitted<ViewTenant>, application: ApplicationId, query: &ListQuery) -> Result<List<KeyView>> {
        if !store::application_is_there(&self.db, who.tenant_id(), application).await? {
            return Err(Error::NotFound("application"));
        }
        store::list(&self.db, who.tenant_id(), application, query, self.clock.now()).await
    }

    pub async fn get_key(&self, who: &Permitted<ViewTenant>, application: ApplicationId, id: ApiKeyId) -> Result<KeyView> {
        store::get(&self.db, who.tenant_id(), application, id, self.clock.now()).await?.ok_or(Error::NotFound("key"))
    }

    /// A new pair with the name, scopes and networks of the old key, which lives on for the grace.
    pub async fn rotate_key(
        &self,
        who: &Permitted<ManageKeys>,
        application: ApplicationId,
        id: ApiKeyId,
        form: &RotateKey,
    ) -> Result<KeyCreated> {
        form.validate()?;
        who.stays()?;
        let (tenant, now) = (who.tenant_id(), self.clock.now());
        let mut tx = self.db.begin().await?;
        self.room_for_key(&mut tx, tenant, application, now).await?;
        let before = key(&mut tx, tenant, application, id, now).await?;
        let retired = if form.grace_seconds == 0 {
            store::revoke(&mut tx, tenant, application, id, now).await?.is_some()
        } else {
            store::expire(&mut tx, tenant, application, id, now, now + TimeDelta::seconds(form.grace_seconds)).await?
        };
        if !retired {
            return Err(Error::conflict("key_not_live", "This key is revoked or expired. Create a new one instead."));
        }
        let draft = Draft {
            tenant,
            application,
            name: &before.name,
            scopes: &before.scopes,
            allowed_ips: &before.allowed_ips,
            expires_at: before.expires_at,
            created_by: who.actor().user_id,
        };
        let created = self.insert_key(&mut tx, &draft, now).await?;
        tx.changed(Change::Key(id), now).await?;
        let after = key(&mut tx, tenant, application, created.id, now).await?;
        let entry = Entry::new("key.rotate", ("key", id, &before.name)).tenant(tenant).before(&before).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// The key stops working at once.
    pub async fn revoke_key(&self, who: &Permitted<ManageKeys>, application: ApplicationId, id: ApiKeyId) -> Result<()> {
        let (tenant, now) = (who.tenant_id(), self.clock.now());
        let mut tx = self.db.begin().await?;
        let before = key(&mut tx, tenant, application, id, now).await?;
        if store::revoke(&mut tx, tenant, application, id, now).await?.is_none() {
            // Revoked already: what was asked for holds.
            return Ok(());
        }
        tx.changed(Change::Key(id), now).await?;
        self.record(&mut tx, Some(who.actor()), Entry::new("key.revoke", ("key", id, &before.name)).tenant(tenant).before(&before)).await?;
        tx.commit().await
    }

    /// Notes when keys were last used; later times win.
    pub async fn touch_keys(&self, used: &[(ApiKeyId, DateTime<Utc>)]) -> Result<()> {
        if used.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        // In one order everywhere, so that two replicas cannot wait for each other.
        let mut used = used.to_vec();
        used.sort_unstable();
        for (id, at) in used {
            store::touch_any(&mut tx, id, at).await?;
        }
        tx.commit().await
    }

    /// Locks the application, so that keys are counted one after the other.
    async fn room_for_key(&self, tx: &mut Tx, tenant: TenantId, application: ApplicationId, now: DateTime<Utc>) -> Result<()> {
        let live = store::lock_and_count(tx, tenant, application, now).await?.ok_or(Error::NotFound("application"))?;
        if live >= LIVE_MOST {
            return Err(Error::conflict("too_many_keys", format!("An application has at most {LIVE_MOST} live keys. Revoke one first.")));
        }
        Ok(())
    }

    /// Writes a new key; its secret is in the answer and nowhere else.
    pub(crate) async fn insert_key(&self, tx: &mut Tx, draft: &Draft<'_>, now: DateTime<Utc>) -> Result<KeyCreated> {
        let secret = generate_secret(self.random.bytes());
        let created = KeyCreated { id: self.id(), client_id: generate_client_id(self.random.bytes()), client_secret: secret };
        let last_four = created.client_secret.get(created.client_secret.len().saturating_sub(4)..).unwrap_or_default();
        store::insert(tx, draft, created.id, &created.client_id, &digest(&created.client_secret), last_four, now).await?;
        tx.changed(Change::Key(created.id), now).await?;
        Ok(created)
    }
}

async fn key(tx: &mut Tx, tenant: TenantId, application: ApplicationId, id: ApiKeyId, now: DateTime<Utc>) -> Result<KeyView> {
    store::get_within(tx, tenant, application, id, now).await?.ok_or(Error::NotFound("key"))
}
