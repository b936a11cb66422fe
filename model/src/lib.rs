//! Vocabulary that every part of the platform shares, the browser included: ids, money, roles,
//! route patterns, views and forms. Only serde: what needs a database or a socket lives elsewhere.

pub mod id;
pub mod route;
