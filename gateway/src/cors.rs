//! Calls from pages of other origins (Fetch §3.2). A preflight has no credentials, so it is answered
//! here with what any application of the product allows; the call itself is held to the origins of
//! its own. Pages prove who they are by `Authorization` alone: `Access-Control-Allow-Credentials` is
//! never sent, so that no browser lends them its cookies.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use mintreu_model::origin::ANY;

use crate::{
    body::Body,
    catalogue::Service,
    header::{has_token, single},
    message::{Fields, Request, Response},
    policy::Grant,
    problem::{Code, Problem, REQUEST_ID},
    trace::{RequestTag, shared},
};

/// What the service may have said about it.
static FIELDS: [HeaderName; 7] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
    HeaderName::from_static("access-control-allow-private-network"),
];
const EXPOSED: HeaderValue =
    HeaderValue::from_static("ETag, Link, Location, Mintreu-Error-Source, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id");
const VARY: HeaderValue = HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Where a route takes every method: those that browsers may be asked for.
const EVERY: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
/// More than any page asks for.
const LONGEST_LIST: usize = 2 * 1024;

/// Whose pages may call any application of a product.
pub(crate) struct Origins(Box<[Box<str>]>);

impl Origins {
    /// `None` for no origins.
    pub(crate) fn new(origins: &[String]) -> Option<Arc<Self>> {
        let mut origins: Vec<Box<str>> = origins.iter().map(|origin| origin.as_str().into()).collect();
        origins.sort_unstable();
        origins.dedup();
        (!origins.is_empty()).then(|| Arc::new(Self(origins.into())))
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        let has = |wanted: &[u8]| self.0.binary_search_by(|one| one.as_bytes().cmp(wanted)).is_ok();
        has(origin.as_bytes()) || has(ANY.as_bytes())
    }
}

/// Answers what is a preflight; anything else is a call.
pub(crate) fn preflight(origins: &Origins, service: &Service, path: &str, request: &Request, tag: &RequestTag) -> Option<Response> {
    if request.method != Method::OPTIONS {
        return None;
    }
    let origin = request.fields.get(header::ORIGIN)?;
    let method = request.fields.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut response = Response::new(StatusCode::NO_CONTENT, Body::empty());
    let fields = &mut response.fields;
    fields.insert(REQUEST_ID, tag.header());
    fields.insert(header::VARY, VARY);
    if origins.allow(origin) {
        fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods(service, path, method));
        fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names(&request.fields));
        fields.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    Some(response)
}

/// The methods of the path, as the service's routes have them.
fn methods(service: &Service, path: &str, asked: &HeaderValue) -> HeaderValue {
    let mut methods = service.methods(path);
    if methods.contains(&"*") {
        methods = EVERY.to_vec();
        // One of an extension, where it is one at all.
        methods.extend(asked.to_str().ok().filter(|one| Method::from_bytes(one.as_bytes()).is_ok() && !EVERY.contains(one)));
    }
    shared(methods.join(", "))
}

/// The fields that were asked for, and the one that every call needs.
fn names(fields: &Fields) -> HeaderValue {
    let mut names: Vec<HeaderName> = Vec::new();
    let mut left = LONGEST_LIST;
    for line in fields.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        let Some(rest) = left.checked_sub(line.len()) else { break };
        left = rest;
        let read = |name: &[u8]| HeaderName::from_bytes(name.trim_ascii()).ok();
        names.extend(line.as_bytes().split(|byte| *byte == b',').filter_map(read));
    }
    names.push(header::AUTHORIZATION);
    let mut list: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
    list.sort_unstable();
    list.dedup();
    shared(list.join(", "))
}

/// What the answer to a call says to browsers.
#[derive(Default)]
pub(crate) struct Sharing {
    /// Whether we say anything; else what the service says stands.
    ours: bool,
    /// Whose page may read the answer.
    with: Option<HeaderValue>,
}

impl Sharing {
    /// Before it is known whose call it is: a page of any application's origins may read why it is
    /// refused.
    pub(crate) fn before(origins: &Origins, fields: &Fields) -> Result<Self, Problem> {
        Ok(Self { ours: true, with: origin(fields)?.filter(|origin| origins.allow(origin)).cloned() })
    }

    /// The application is known: its own origins decide.
    pub(crate) fn hold_to(&mut self, grant: &Grant, fields: &Fields) -> Result<(), Problem> {
        if grant.allowed_origins.is_empty() {
            *self = Self::default();
            return Ok(());
        }
        *self = Self { ours: true, with: None };
        let Some(origin) = origin(fields)? else { return Ok(()) };
        if !grant.allowed_origins.iter().any(|one| one == ANY || one.as_bytes() == origin.as_bytes()) {
            return Err(Code::OriginNotAllowed.into());
        }
        self.with = Some(origin.clone());
        Ok(())
    }

    pub(crate) fn tell(self, fields: &mut Fields) {
        if !self.ours {
            return;
        }
        fields.retain(|name| !FIELDS.contains(name));
        if !has_token(fields, &header::VARY, "origin") {
            fields.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.with {
            fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            fields.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

fn origin(fields: &Fields) -> Result<Option<&HeaderValue>, Problem> {
    single(fields, &header::ORIGIN).map_err(|()| Problem::malformed("Origin stands more than once."))
}
