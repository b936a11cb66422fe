//! The life of an application inside a service: provisioned, updated, deleted, by the platform.
//!
//! Modelled on the Open Service Broker API: the platform names the application, any call may be
//! repeated, and a repeated call is answered like the first. A service implements [`Lifecycle`] with
//! that in mind; the kit proves the caller, opens the database and speaks HTTP. Refusals are
//! [`Problem`]s: 409 for "exists with other attributes", 422 for what the tenant can put right.

mod route;

use std::future::Future;

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::route::router;
use crate::database::Database;
use crate::identity::Identity;
use crate::problem::Problem;

/// Make this application ready, or confirm that it is; also called to migrate it to a new release.
#[derive(Debug)]
pub struct Provision {
    pub identity: Identity,
    pub plan: String,
    /// As the tenant configured it, valid under the product's schema.
    pub config: Value,
    /// `None` when the service is registered without databases.
    pub database: Option<Database>,
}

/// Take a new plan, a new configuration, or both; `None` means unchanged.
#[derive(Debug)]
pub struct Update {
    pub identity: Identity,
    pub plan: Option<String>,
    pub config: Option<Value>,
    /// What the platform believes the values were.
    pub previous_values: Value,
    /// `None` when the call carries no `Mintreu-Database-Url`.
    pub database: Option<Database>,
}

/// Forget this application.
#[derive(Debug)]
pub struct Delete {
    pub identity: Identity,
    /// `None` when the call carries no `Mintreu-Database-Url`.
    pub database: Option<Database>,
}

/// The success of [`Lifecycle::provision`].
#[derive(Debug, PartialEq, Eq)]
pub enum Provisioned {
    /// 201: made ready by this call.
    Created,
    /// 200: was ready before.
    Existing,
    /// 202: under way; the platform asks for this operation until it is done.
    Working { operation: String },
}

/// The success of [`Lifecycle::update`].
#[derive(Debug, PartialEq, Eq)]
pub enum Updated {
    /// 200
    Done,
    /// 202
    Working { operation: String },
}

/// The success of [`Lifecycle::delete`].
#[derive(Debug, PartialEq, Eq)]
pub enum Removed {
    /// 200: removed by this call.
    Done,
    /// 410: there was nothing (any more).
    Gone,
    /// 202
    Working { operation: String },
}

/// How far an operation is.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Operation {
    InProgress { description: String },
    Succeeded { description: String },
    Failed { description: String },
}

/// What a service does when the platform makes, changes or deletes an application.
pub trait Lifecycle: Send + Sync + 'static {
    fn provision(&self, call: Provision) -> impl Future<Output = Result<Provisioned, Problem>> + Send;

    fn update(&self, call: Update) -> impl Future<Output = Result<Updated, Problem>> + Send;

    fn delete(&self, call: Delete) -> impl Future<Output = Result<Removed, Problem>> + Send;

    /// Only services that answer `Working` need it.
    fn operation(&self, _: Identity, _: String) -> impl Future<Output = Result<Operation, Problem>> + Send {
        async { Err(Problem::not_found("operation")) }
    }
}
