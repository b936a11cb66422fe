//! The frames of pages. Each sets the title, shows the flash, and begins with the skip link:
//! `SiteShell` for the public, `AuthShell` for log-in and its kin, `TenantShell` and `AdminShell`
//! for the two dashboards, `AccountShell` for a person's own pages. A page's root is exactly one of them.

pub mod account;
pub mod admin;
pub mod auth;
pub mod dashboard;
pub mod notice;
pub mod site;
pub mod tenant;

pub use account::AccountShell;
pub use admin::{AdminFrame, AdminShell};
pub use auth::AuthShell;
pub use dashboard::{Viewer, Width};
pub use notice::FrameNotice;
pub use site::SiteShell;
pub use tenant::{TenantFrame, TenantShell};
