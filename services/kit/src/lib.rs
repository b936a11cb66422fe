//! The kit for services written in Rust: what every service behind the platform needs and none
//! should write twice.
//!
//! A service is any HTTP program; this crate spares a Rust author the service contract. Give
//! [`Service`] the routes and, if applications need setting up, a [`Lifecycle`]; handlers then take
//! an [`Identity`] (who calls, proven by the platform's signature) and a [`Database`] (the calling
//! application's own, never another's) as arguments:
//!
//! ```no_run
//! use axum::{Json, Router, routing::get};
//! use mintreu_kit::{Config, Identity, Service};
//!
//! async fn whoami(identity: Identity) -> Json<String> {
//!     Json(identity.application)
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let config = Config::new("greeter", "http://127.0.0.1:3000");
//! let router = Service::new(config).routes(Router::new().route("/v1/whoami", get(whoami))).into_router();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:4000").await?;
//! mintreu_kit::serve(listener, router).await
//! # }
//! ```
//!
//! Routes are behind the identity check unless they are passed to [`Service::public`]: forgetting
//! something closes a door and never opens one. The kit depends on nothing of the platform, only on
//! its contract; extend it when a second service would need the same thing.

mod body;
mod clock;
mod config;
mod database;
mod id;
mod identity;
mod lifecycle;
mod list;
mod problem;
mod request;
mod serve;
mod service;
#[cfg(feature = "testing")]
pub mod testing;
mod validate;

pub use body::{Body, Path, Query};
pub use clock::now;
pub use config::Config;
pub use database::{Database, SqlitePools, Tx};
pub use id::new_id;
pub use identity::Identity;
pub use lifecycle::{Delete, Lifecycle, Operation, Provision, Provisioned, Removed, Update, Updated};
pub use list::{Page, PageQuery, PageRequest};
pub use problem::{FieldError, Problem};
pub use serve::serve;
pub use service::Service;
pub use validate::Check;
