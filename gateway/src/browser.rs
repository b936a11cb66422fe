//! Where the gateway shares a host with the dashboard, a service's answer must not be able to act
//! as the dashboard in somebody's browser: it gets no cookies, sets none, is not navigated to,
//! and what it renders lives in a sandbox.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{problem::Problem, settings::Settings};

const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

pub(crate) fn check(settings: &Settings, headers: &HeaderMap) -> Result<(), Problem> {
    let navigates = headers.get_all(&FETCH_MODE).iter().any(|mode| mode.as_bytes().eq_ignore_ascii_case(b"navigate"));
    if settings.shared_host && navigates {
        return Err(Problem::malformed("A browser may not navigate to a service on this host."));
    }
    Ok(())
}

pub(crate) fn strip_request(settings: &Settings, headers: &mut HeaderMap) {
    if settings.shared_host {
        headers.remove(header::COOKIE);
    }
}

pub(crate) fn contain_response(settings: &Settings, headers: &mut HeaderMap) {
    if !settings.shared_host {
        return;
    }
    for name in [&header::SET_COOKIE, &CLEAR_SITE_DATA, &SERVICE_WORKER_ALLOWED] {
        headers.remove(name);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
