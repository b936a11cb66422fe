//! Tenants as super admins see them: the list, one tenant by tabs, and its suspension.

pub mod head;
pub mod list;
pub mod lists;
pub mod many;
pub mod members;
pub mod overview;
pub mod suspend;

pub use list::{SHEET, Tenants};
pub use lists::{TenantApplications, TenantAudit, TenantSubscriptions};
pub use many::{ResumeTenants, SuspendTenants};
pub use members::TenantMembers;
pub use overview::Tenant;
pub use suspend::SuspendTenant;
