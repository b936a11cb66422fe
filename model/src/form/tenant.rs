//! Tenants, members, invitations.

use serde::{Deserialize, Serialize};

use super::{Check, Validate, account::form};
use crate::{problem::FieldError, role::Role};

form! {
    CreateTenant { name: String }

    RenameTenant { name: String }

    /// `confirm` is the tenant's name, typed.
    DeleteTenant { confirm: String }

    Invite { email: String, role: Role }

    ChangeRole { role: Role }

    /// A super admin makes somebody a member.
    AssignMember { email: String, role: Role }

    SuspendTenant { reason: String }
}

macro_rules! validate_line {
    ($($name:ident . $field:ident $bounds:expr),* $(,)?) => {$(
        impl Validate for $name {
            fn validate(&self) -> Result<(), Vec<FieldError>> {
                Check::new().line(stringify!($field), &self.$field, $bounds).done()
            }
        }
    )*};
}

validate_line! {
    CreateTenant.name 1..=80,
    RenameTenant.name 1..=80,
    DeleteTenant.confirm 1..=80,
    SuspendTenant.reason 3..=300,
}

impl Validate for Invite {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().email("email", &self.email).done()
    }
}

impl Validate for AssignMember {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().email("email", &self.email).done()
    }
}

impl Validate for ChangeRole {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }
}
