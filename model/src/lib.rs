//! Vocabulary that every part of the platform shares, the browser included: ids, money, roles,
//! route patterns, views and forms. Only serde: what needs a database or a socket lives elsewhere.

pub mod credential;
pub mod form;
pub mod id;
pub mod list;
pub mod money;
pub mod origin;
pub mod problem;
pub mod role;
pub mod route;
pub mod status;
pub mod view;
