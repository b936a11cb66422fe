//! The dashboard of a tenant: one file or folder per page.

pub mod steps;
