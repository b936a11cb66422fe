//! Invitations: a mailed link that works once, for the address that it was sent to.

use chrono::TimeDelta;
use mintreu_model::{
    form::{Validate, account::UseToken, tenant::Invite},
    id::InvitationId,
    role::Role,
    status::TenantStatus,
    view::{InvitationOffer, InvitationView, TenantView},
};

use super::store;
use crate::{
    Actor, Control, Error, Permitted, Result,
    access::{self, ManageMembers, ViewTenant},
    account::normalise,
    audit::Entry,
    keyring::digest,
    mail::letter,
    setting,
};

const GONE: Error = Error::NotFound("invitation, or it was used, revoked or has expired");

impl Control {
    pub async fn invite(&self, who: &Permitted<ManageMembers>, form: &Invite) -> Result<InvitationView> {
        form.validate()?;
        who.stays()?;
        if form.role == Role::Owner && who.role() != Role::Owner {
            return Err(Error::forbidden("forbidden", "Only an owner may invite owners."));
        }
        let (tenant, email) = (who.tenant(), normalise(&form.email));
        self.throttle.attempt("invite", &tenant.id.to_string(), None)?;
        let days = setting::value(&self.db, setting::INVITATION_LIFE).await?;
        let (now, token) = (self.clock.system_now(), self.secret());
        let id: InvitationId = self.id();
        let mut tx = self.db.begin().await?;
        if store::is_member(&mut tx, tenant.id, &email).await? {
            return Err(Error::conflict("already_member", format!("{email} is a member already.")));
        }
        store::close_expired_invitation(&mut tx, tenant.id, &email, now).await?;
        let expires_at = now + TimeDelta::days(days);
        if !store::insert_invitation(&mut tx, id, tenant.id, &email, form.role, &digest(&token), who.actor().user_id, now, expires_at)
            .await?
        {
            return Err(Error::conflict("already_invited", format!("{email} has an open invitation. Revoke it to send another.")));
        }
        let until = expires_at.format("%-d %B %Y").to_string();
        let letter = letter::invitation(&self.config.public_url, &token, &tenant.name, &who.actor().name, form.role.title(), &until);
        self.post(&mut tx, &email, &letter).await?;
        self.record(
            &mut tx,
            Some(who.actor()),
            Entry::new("invitation.create", ("invitation", id, &email)).tenant(tenant.id).after(form.role),
        )
        .await?;
        tx.commit().await?;
        store::invitation(&self.db, tenant.id, id, now).await?.ok_or(GONE)
    }

    /// Invitations of the tenant, newest first.
    pub async fn list_invitations(&self, who: &Permitted<ViewTenant>) -> Result<Vec<InvitationView>> {
        store::invitations(&self.db, who.tenant_id(), self.clock.system_now()).await
    }

    pub async fn revoke_invitation(&self, who: &Permitted<ManageMembers>, id: InvitationId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let email =
            store::revoke_invitation(&mut tx, who.tenant_id(), id, self.clock.system_now()).await?.ok_or(Error::NotFound("invitation"))?;
        self.record(&mut tx, Some(who.actor()), Entry::new("invitation.revoke", ("invitation", id, &email)).tenant(who.tenant_id()))
            .await?;
        tx.commit().await
    }

    /// What an invitation offers; for whoever has the link.
    pub async fn get_invitation_offer(&self, token: &str) -> Result<InvitationOffer> {
        store::offer(&self.db, &digest(token), self.clock.system_now()).await?.ok_or(GONE)
    }

    /// Accepts an invitation. The actor must have the address that it was sent to.
    pub async fn accept_invitation(&self, actor: &Actor, form: &UseToken) -> Result<TenantView> {
        form.validate()?;
        let now = self.clock.system_now();
        let mut tx = self.db.begin().await?;
        let taken = store::take_invitation(&mut tx, &digest(&form.token), &actor.email, now).await?;
        let Some((tenant, id, role)) = taken else {
            drop(tx);
            let offer = self.get_invitation_offer(&form.token).await?;
            return Err(Error::forbidden("other_address", format!("This invitation is for {}. Log in with that address.", offer.email)));
        };
        let view = store::get_within(&mut tx, tenant).await?.ok_or(GONE)?;
        if view.status == TenantStatus::Deleting {
            return Err(access::tenant_deleting());
        }
        store::add_member(&mut tx, tenant, actor.user_id, role, self.clock.now()).await?;
        // Who reads the mail owns the address.
        crate::account::store::mark_verified(&mut tx, actor.user_id, now).await?;
        self.record(&mut tx, Some(actor), Entry::new("invitation.accept", ("invitation", id, &actor.email)).tenant(tenant).after(role))
            .await?;
        tx.commit().await?;
        Ok(view)
    }
}
