//! Pages of a person: log-in and its kin, profile and security, the choice of a tenant.

pub mod home;
pub mod invitation;
pub mod login;
pub mod password;
pub mod profile;
pub mod register;
pub mod routes;
pub mod sessions;
pub mod tenants;
pub mod tokens;
pub mod verify;
