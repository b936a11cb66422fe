//! Everything people see: pages, components, forms and the server functions behind them.
//!
//! Pages run on the server only (feature `ssr`); the browser program (feature `hydrate`) contains
//! nothing but `islands`. So a page works without JavaScript, and a component is free to use what
//! only the server has. To add a page, write it in `public/`, `account/`, `tenant/` or `admin/`,
//! add its line to `routes.rs` there, and build it from `components/`; `/styleguide` shows them all.

#![expect(clippy::must_use_candidate, reason = "components are only ever called by `view!`")]
#![cfg_attr(feature = "ssr", expect(clippy::needless_pass_by_value, reason = "components own their props"))]

pub mod islands;

#[cfg(feature = "ssr")]
pub mod account;
#[cfg(feature = "ssr")]
pub mod admin;
#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod document;
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod flash;
#[cfg(feature = "ssr")]
pub mod load;
#[cfg(feature = "ssr")]
pub mod local;
#[cfg(feature = "ssr")]
pub mod public;
#[cfg(feature = "ssr")]
pub mod request;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod search;
#[cfg(feature = "ssr")]
pub mod styleguide;
#[cfg(feature = "ssr")]
pub mod tenant;

#[cfg(feature = "ssr")]
pub use error::{Done, Error};
