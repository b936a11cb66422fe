//! Answers that are kept for the application that got them, as RFC 9111 lets a private cache keep
//! them. Only products that an operator switched it on for come here. `freshness.rs` says what may be
//! kept and for how long, `store.rs` keeps it, `condition.rs` knows what the client has already. A
//! call that is answered from the store is admitted, metered and billed like any other.

mod condition;
mod freshness;
mod store;

use std::sync::{Arc, atomic::Ordering::Relaxed};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use mintreu_model::id::ServiceId;

use crate::{
    body::Body,
    cache::{
        condition::Conditions,
        freshness::{Freshness, Wishes},
        store::{Key, Place, Stored},
    },
    message::{Fields, Response},
    metrics::Metrics,
    policy::Grant,
    problem::{Code, Problem},
    trace::shared,
};
pub(crate) use store::Store;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// What makes a call one that the store has no part in: pieces of bodies, the conditions of
/// writers, and who the client's own users are.
static APART: [HeaderName; 5] = [header::RANGE, header::IF_RANGE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::COOKIE];
/// What says of a stored body how it is written: a 304 changes nothing of it, and has none of it.
static OF_BODIES: [HeaderName; 4] = [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_RANGE];

/// The call, as far as the store knows calls.
pub(crate) struct Question<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) service: ServiceId,
    pub(crate) method: &'a Method,
    pub(crate) target: &'a str,
    pub(crate) has_body: bool,
}

impl Question<'_> {
    fn key(&self, method: &Method) -> Key {
        Key { application: self.grant.application_id, service: self.service, head: *method == Method::HEAD, target: self.target.into() }
    }
}

pub(crate) enum Visit {
    Hit(Hit),
    /// The service is asked.
    Ask(Box<Asking>),
}

/// Looks whether the call has its answer here. Where a stored one is to be validated, `given` asks
/// the service that instead of what the client would have asked.
pub(crate) fn visit(store: &Arc<Store>, metrics: &Metrics, question: &Question<'_>, given: &mut Fields) -> Result<Visit, Problem> {
    let found = find(store, question, given)?;
    let counter = if matches!(found, Visit::Hit(_)) { &metrics.cache_hits } else { &metrics.cache_misses };
    counter.fetch_add(1, Relaxed);
    Ok(found)
}

fn find(store: &Arc<Store>, question: &Question<'_>, given: &mut Fields) -> Result<Visit, Problem> {
    let asking = |why, place| Box::new(Asking { store: Arc::clone(store), why, place, validating: None, writes: None });
    if !matches!(*question.method, Method::GET | Method::HEAD) {
        let keys = (!question.method.is_safe()).then(|| [question.key(&Method::GET), question.key(&Method::HEAD)]);
        return Ok(Visit::Ask(Box::new(Asking { writes: keys, ..*asking("method", None) })));
    }
    if question.has_body || APART.iter().any(|name| given.contains_key(name)) {
        return Ok(Visit::Ask(asking("bypass", None)));
    }
    let wishes = Wishes::of(given);
    if wishes.no_store {
        return Ok(Visit::Ask(asking("request", None)));
    }
    let place = store.place(question.key(question.method), given);
    let Some(stored) = store.find(&place) else {
        return if wishes.only_if_cached { Err(Code::NotCached.into()) } else { Ok(Visit::Ask(asking("miss", Some(place)))) };
    };
    let age = stored.freshness.age();
    if stored.freshness.serves(age, &wishes) {
        return Ok(Visit::Hit(Hit { has: Conditions::of(given), stored, told: None }));
    }
    if wishes.only_if_cached {
        return Err(Code::NotCached.into());
    }
    let why = if stored.freshness.is_fresh(age) { "request" } else { "stale" };
    let mut asking = asking(why, Some(place));
    if stored.has_validator() {
        asking.validating = Some((Conditions::take(given), Arc::clone(&stored)));
        for (validator, condition) in [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)] {
            if let Some(value) = stored.fields.get(validator) {
                given.insert(condition, value.clone());
            }
        }
    }
    Ok(Visit::Ask(asking))
}

/// A stored answer, and what the client has of it.
pub(crate) struct Hit {
    stored: Arc<Stored>,
    has: Conditions,
    /// What `Cache-Status` says where the service was asked first.
    told: Option<HeaderValue>,
}

impl Hit {
    pub(crate) fn status(&self) -> StatusCode {
        if self.has.current(&self.stored) { StatusCode::NOT_MODIFIED } else { self.stored.status }
    }

    pub(crate) fn into_response(self) -> Response {
        let status = self.status();
        let body = if status == StatusCode::NOT_MODIFIED { Bytes::new() } else { self.stored.body.clone() };
        let mut fields = self.stored.fields.clone();
        if status == StatusCode::NOT_MODIFIED {
            fields.retain(|name| !OF_BODIES.contains(name));
        }
        let age = self.stored.freshness.age();
        fields.insert(header::AGE, HeaderValue::from(age.as_secs()));
        let left = self.stored.freshness.left(age).as_secs();
        fields.append(CACHE_STATUS, self.told.unwrap_or_else(|| shared(format!("Mintreu; hit; ttl={left}"))));
        Response { status, fields, body: Body::full(body) }
    }
}

/// A call on its way to the service.
pub(crate) struct Asking {
    store: Arc<Store>,
    why: &'static str,
    /// Where its answer may be kept.
    place: Option<Place>,
    validating: Option<(Conditions, Arc<Stored>)>,
    /// What is out of date once the service has done it.
    writes: Option<[Key; 2]>,
}

/// What becomes of the service's answer.
pub(crate) enum Outcome {
    /// The stored one still holds: the client gets that.
    Holds(Hit),
    /// It goes to the client, and is kept when it is whole.
    Relay(Option<Box<Keeping>>),
}

impl Asking {
    /// `fields` are the answer's, fit for the client; it is told what happened.
    pub(crate) fn answered(self, status: StatusCode, fields: &mut Fields) -> Outcome {
        let Self { store, why, place, validating, writes } = self;
        if let Some(keys) = writes.filter(|_| status.is_success() || status.is_redirection()) {
            store.forget(&keys);
        }
        let told = |stored: bool| {
            let stored = if stored { "; stored" } else { "" };
            shared(format!("Mintreu; fwd={why}; fwd-status={}{stored}", status.as_u16()))
        };
        if let (Some((has, stored)), Some(place), StatusCode::NOT_MODIFIED) = (validating, &place, status) {
            let fresher = stored.freshened(fields);
            let kept = store.keep(place, fresher.freshness.may_be_kept().then(|| Arc::clone(&fresher)));
            return Outcome::Holds(Hit { stored: fresher, has, told: Some(told(kept)) });
        }
        let keeping = place.and_then(|place| {
            let freshness = Freshness::of(status, fields)?;
            let vary = place.vary(fields)?;
            Keeping::new(store, place, Stored { status, fields: fields.detached(), body: Bytes::new(), vary, freshness })
        });
        fields.append(CACHE_STATUS, told(keeping.is_some()));
        Outcome::Relay(keeping.map(Box::new))
    }
}

/// An answer that is collected while it passes.
pub(crate) struct Keeping {
    store: Arc<Store>,
    place: Place,
    stored: Stored,
    pieces: Vec<Bytes>,
    left: usize,
}

impl Keeping {
    /// `None`: it says that it is too large.
    fn new(store: Arc<Store>, place: Place, stored: Stored) -> Option<Self> {
        let left = store.largest_body();
        let length = stored.fields.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let fits = place.is_head() || length.is_none_or(|length| length <= left);
        fits.then(|| Self { store, place, stored, pieces: Vec::new(), left })
    }

    /// False when it is too large to be kept.
    pub(crate) fn add(&mut self, data: &Bytes) -> bool {
        let Some(left) = self.left.checked_sub(data.len()) else { return false };
        self.left = left;
        self.pieces.push(data.clone());
        true
    }

    /// The answer was whole.
    pub(crate) fn finish(self) {
        let stored = Stored { body: self.pieces.concat().into(), ..self.stored };
        self.store.keep(&self.place, Some(Arc::new(stored)));
    }
}
