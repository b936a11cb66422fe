//! Who may do what inside a tenant: one table. To add a permission, add it to `Permission`, to
//! the table in `Role::permissions`, and to `control::access::rights!`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Role {
    Owner,
    Admin,
    Developer,
    Billing,
    Viewer,
}

/// A single thing that a member may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Permission {
    /// See the tenant, its applications, subscriptions and usage.
    ViewTenant,
    /// Rename the tenant.
    ManageTenant,
    /// Delete the tenant, hand ownership on.
    OwnTenant,
    ManageMembers,
    ManageSubscriptions,
    /// Provision, configure, suspend and delete applications.
    ManageApplications,
    ManageKeys,
    ViewAudit,
}

impl Permission {
    pub const ALL: [Self; 8] = [
        Self::ViewTenant,
        Self::ManageTenant,
        Self::OwnTenant,
        Self::ManageMembers,
        Self::ManageSubscriptions,
        Self::ManageApplications,
        Self::ManageKeys,
        Self::ViewAudit,
    ];
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Developer, Self::Billing, Self::Viewer];

    /// The permission table.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Owner => &Permission::ALL,
            Self::Admin => &[
                P::ViewTenant,
                P::ManageTenant,
                P::ManageMembers,
                P::ManageSubscriptions,
                P::ManageApplications,
                P::ManageKeys,
                P::ViewAudit,
            ],
            Self::Developer => &[P::ViewTenant, P::ManageApplications, P::ManageKeys],
            Self::Billing => &[P::ViewTenant, P::ManageSubscriptions],
            Self::Viewer => &[P::ViewTenant],
        }
    }

    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
        }
    }

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Developer => "Developer",
            Self::Billing => "Billing",
            Self::Viewer => "Viewer",
        }
    }

    /// What the role is for, as shown beside the choice.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Owner => "Everything, deletion of the tenant included",
            Self::Admin => "Everything but deletion of the tenant",
            Self::Developer => "Applications and keys",
            Self::Billing => "Subscriptions and invoices",
            Self::Viewer => "Looks, changes nothing",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_may_look_and_only_owners_may_delete() {
        for role in Role::ALL {
            assert!(role.may(Permission::ViewTenant));
            assert_eq!(role.may(Permission::OwnTenant), role == Role::Owner);
        }
    }
}
