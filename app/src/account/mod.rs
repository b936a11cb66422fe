//! Pages of a person: log-in and its kin, profile and security, the choice of a tenant.

pub mod routes;
