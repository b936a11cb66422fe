//! Proof of who is asking and what they may do. Operations demand these values, and only this
//! module makes them: an [`Actor`] from a session or token, a [`Permitted`] from membership and
//! the role table, an [`Operator`] from the super admin's flag. To add a permission, add a line
//! to `rights!` beside the one in `mintreu_model::role`.

use std::{marker::PhantomData, net::IpAddr};

use mintreu_model::{
    id::{SessionId, TenantId, TokenId, UserId},
    role::{Permission, Role},
    status::TenantStatus,
    view::TenantView,
};

use crate::{Control, Error, Result, tenant};

/// How the actor proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Session(SessionId),
    Token(TokenId),
    /// The command line, on the machine itself.
    Console,
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Actor {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub email_verified: bool,
    pub super_admin: bool,
    pub source: Source,
    pub address: Option<IpAddr>,
}

/// A permission as a type.
pub trait Right: Send + Sync + 'static {
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),*) => {$(
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

rights!(ViewTenant, ManageTenant, OwnTenant, ManageMembers, ManageSubscriptions, ManageApplications, ManageKeys, ViewAudit);

/// Proof that the actor has the right `R` in the tenant.
#[derive(Debug, Clone)]
pub struct Permitted<R: Right> {
    actor: Actor,
    tenant: TenantView,
    role: Role,
    right: PhantomData<R>,
}

impl<R: Right> Permitted<R> {
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.tenant.id
    }

    #[must_use]
    pub const fn tenant(&self) -> &TenantView {
        &self.tenant
    }

    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Refuses what would only begin something in a tenant that is being deleted; ending things
    /// stays possible.
    pub(crate) fn stays(&self) -> Result<()> {
        if self.tenant.status == TenantStatus::Deleting { Err(tenant_deleting()) } else { Ok(()) }
    }

    /// Proof of another right of the same member, where the role has it.
    pub fn also<S: Right>(&self) -> Result<Permitted<S>> {
        permitted(self.actor.clone(), self.tenant.clone(), self.role)
    }
}

/// Proof that the actor is a super admin.
#[derive(Debug, Clone)]
pub struct Operator {
    actor: Actor,
}

impl Operator {
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

pub(crate) fn tenant_deleting() -> Error {
    Error::conflict("tenant_deleting", "This tenant is being deleted. An owner can keep it, in its settings; then try again.")
}

fn permitted<R: Right>(actor: Actor, tenant: TenantView, role: Role) -> Result<Permitted<R>> {
    if !role.may(R::PERMISSION) {
        return Err(Error::forbidden(
            "forbidden",
            format!("The role {} may not do this. Ask an owner or admin of {}.", role.title(), tenant.name),
        ));
    }
    let changes = !matches!(R::PERMISSION, Permission::ViewTenant | Permission::ViewAudit);
    if changes && tenant.status == TenantStatus::Suspended {
        return Err(Error::forbidden("tenant_suspended", "This tenant is suspended. Contact support; nothing is lost."));
    }
    Ok(Permitted { actor, tenant, role, right: PhantomData })
}

impl Control {
    /// Proof of the right `R` in a tenant. Who is no member learns nothing: 404.
    pub async fn permit<R: Right>(&self, actor: &Actor, tenant: TenantId) -> Result<Permitted<R>> {
        let (tenant, role) = tenant::store::membership(&self.db, tenant, actor.user_id).await?.ok_or(Error::NotFound("tenant"))?;
        permitted(actor.clone(), tenant, role)
    }

    /// The same by the tenant's slug, for pages.
    pub async fn permit_by_slug<R: Right>(&self, actor: &Actor, slug: &str) -> Result<Permitted<R>> {
        let (tenant, role) = tenant::store::membership_by_slug(&self.db, slug, actor.user_id).await?.ok_or(Error::NotFound("tenant"))?;
        permitted(actor.clone(), tenant, role)
    }

    /// Proof of being a super admin. Others learn nothing: 404.
    pub fn operate(&self, actor: &Actor) -> Result<Operator> {
        if actor.super_admin { Ok(Operator { actor: actor.clone() }) } else { Err(Error::NotFound("page")) }
    }
}
