//! What a page or server function may ask about its surroundings: the control plane, who is
//! looking, their session and device. The server provides all of it for every request.

use std::{net::IpAddr, sync::Arc};

use leptos::prelude::use_context;
use mintreu_control::{Actor, Control, Operator, Permitted, access::Right, chain};
use mintreu_model::problem::Problem;
use tower_sessions::Session;

use crate::Error;

/// Keys of what a session holds.
pub const SESSION_USER: &str = "user";
pub const SESSION_DEVICE: &str = "device";
pub const SESSION_ADDRESS: &str = "address";

/// What the request tells of the device that it comes from.
#[derive(Debug, Clone, Default)]
pub struct DeviceInfo {
    /// "Firefox on Linux".
    pub name: String,
    pub address: Option<IpAddr>,
}

/// The reference of the REST API as HTML; made by the server, which knows its operations.
#[derive(Debug, Clone)]
pub struct ApiReference(pub Arc<str>);

/// The domain.
pub fn control() -> Result<Control, Error> {
    use_context().ok_or_else(Error::internal)
}

/// Who is logged in, if anybody.
#[must_use]
pub fn visitor() -> Option<Actor> {
    use_context::<Option<Actor>>().flatten()
}

/// Who is logged in; 401 otherwise, which leads to the log-in and back.
pub fn actor() -> Result<Actor, Error> {
    visitor().ok_or_else(Error::unauthenticated)
}

/// Proof of the right `R` in the tenant of that slug.
pub async fn permit<R: Right>(slug: &str) -> Result<Permitted<R>, Error> {
    Ok(control()?.permit_by_slug(&actor()?, slug).await?)
}

/// Proof of being a super admin.
pub fn operator() -> Result<Operator, Error> {
    Ok(control()?.operate(&actor()?)?)
}

pub fn session() -> Result<Session, Error> {
    use_context().ok_or_else(Error::internal)
}

#[must_use]
pub fn device() -> DeviceInfo {
    use_context().unwrap_or_default()
}

impl From<mintreu_control::Error> for Error {
    fn from(error: mintreu_control::Error) -> Self {
        let problem: Problem = error.problem();
        if problem.status >= 500 {
            tracing::error!(error = chain(&error), code = %problem.code, "a page or form failed");
        }
        Self(problem)
    }
}
