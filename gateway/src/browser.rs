//! Where the gateway shares a host with the dashboard, a service's answer must not be able to act
//! as the dashboard in somebody's browser: it gets no cookies, sets none, is not navigated to,
//! and what it renders lives in a sandbox.

use http::{HeaderName, HeaderValue, header};

use crate::{message::Fields, problem::Problem, settings::Settings};

const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// By these an answer acts on the whole host.
static ACTING: [HeaderName; 3] =
    [header::SET_COOKIE, HeaderName::from_static("clear-site-data"), HeaderName::from_static("service-worker-allowed")];

pub(crate) fn check(settings: &Settings, fields: &Fields) -> Result<(), Problem> {
    let navigates = fields.get_all(&FETCH_MODE).any(|mode| mode.as_bytes().eq_ignore_ascii_case(b"navigate"));
    if settings.shared_host && navigates {
        return Err(Problem::malformed("A browser may not navigate to a service on this host."));
    }
    Ok(())
}

pub(crate) fn contain_response(settings: &Settings, fields: &mut Fields) {
    if !settings.shared_host {
        return;
    }
    fields.retain(|name| !ACTING.contains(name));
    fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
