//! The way to a service: an address is chosen by what is known of it, then a kept connection or a
//! new one. What was never sent is sent again elsewhere; what may have been seen is repeated
//! once, and only if repeating is harmless and the connection was a kept one (RFC 9110 §9.2.2).
//! Both draw on a budget, so that a service in trouble is not given twice the work.

mod budget;
mod choose;
mod circuit;
mod dial;
mod health;
mod load;
mod pool;
mod probe;
mod report;

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri, header,
    uri::{self, PathAndQuery},
};
use hyper::{body::Incoming, client::conn::TrySendError};
use tokio::time::{Instant, timeout_at};

use choose::{Nobody, Tried, choose};
use dial::{ConnectFailed, connect};
use health::{Millis, millis};
use load::Load;
use pool::Lease;
pub(crate) use {
    budget::Budget,
    health::Health,
    load::Exchange,
    pool::Pool,
    probe::{check, probe},
    report::{metrics, report},
};

use crate::{
    catalogue::{Address, Service},
    identity::Injected,
    state::Worker,
    upload::{Broken, Progress, Upload},
};

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Unreachable,
    Timeout,
    /// No address may be asked before.
    Held {
        seconds: u64,
    },
    /// The service has as many calls as it may have.
    Full,
    Upload(Broken),
}

/// A request that has passed everything.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    /// Path and query as the client wrote them, after the product.
    pub(crate) target: &'a str,
    /// What is left of the client's fields.
    pub(crate) given: HeaderMap,
    /// What the platform adds; nothing to its own questions.
    pub(crate) injected: Option<Injected<'a>>,
    pub(crate) upload: Upload,
    /// The request asks for an upgrade: it needs a connection of its own, in HTTP/1.1.
    pub(crate) upgrade: bool,
}

impl Outgoing<'_> {
    fn request(&mut self, address: &Address, lease: &Lease) -> Option<Request<Upload>> {
        let target = if address.prefix.is_empty() {
            PathAndQuery::try_from(self.target)
        } else {
            PathAndQuery::try_from(format!("{}{}", address.prefix, self.target))
        };
        let target = target.ok()?;
        let mut request = Request::new(std::mem::replace(&mut self.upload, Upload::empty()));
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.injected.map_or_else(|| self.given.clone(), |injected| injected.into_fields(&self.given));
        if lease.is_shared() {
            let mut parts = uri::Parts::default();
            parts.scheme = Some(address.scheme.clone());
            parts.authority = Some(address.named.clone());
            parts.path_and_query = Some(target);
            *request.uri_mut() = Uri::from_parts(parts).ok()?;
            unframe(request.headers_mut());
        } else {
            *request.uri_mut() = Uri::from(target);
            frame(&mut request);
            request.headers_mut().insert(header::HOST, address.host_header.clone());
        }
        Some(request)
    }

    fn take_back(&mut self, request: Request<Upload>) {
        self.upload = request.into_body();
    }
}

/// What came of one attempt on one connection.
enum Next {
    Answered(Response<Incoming>, Lease),
    /// The request is whole and may be sent to anyone.
    Again,
    Failed(Failure),
}

/// Why one address gave no answer.
enum Missed {
    /// The request is whole: another address may have it.
    Elsewhere(Failure),
    Failed(Failure),
}

/// `until`: the end of the whole call, where it has one.
pub(crate) async fn send(
    worker: &Worker,
    service: &Arc<Service>,
    outgoing: Outgoing<'_>,
    until: Option<Instant>,
) -> Result<(Response<Incoming>, Exchange), Failure> {
    let progress = outgoing.upload.progress();
    let may_repeat = progress.is_none() && outgoing.method.is_idempotent();
    let mut delivery = Delivery { worker, service, outgoing, progress, may_repeat, until };
    let outcome = delivery.run().await;
    if let Err(failure) = &outcome {
        service.note(*failure);
    }
    outcome
}

struct Delivery<'a> {
    worker: &'a Worker,
    service: &'a Arc<Service>,
    outgoing: Outgoing<'a>,
    progress: Option<Arc<Progress>>,
    /// Whether the service may see the request twice.
    may_repeat: bool,
    until: Option<Instant>,
}

impl Delivery<'_> {
    async fn run(&mut self) -> Result<(Response<Incoming>, Exchange), Failure> {
        let service = self.service;
        service.counts.requests.fetch_add(1, Relaxed);
        if service.is_full() {
            return Err(Failure::Full);
        }
        let mut tried = Tried::default();
        let mut failure = None;
        loop {
            let now = millis(Instant::now());
            let load = match choose(service, tried, now) {
                Ok(load) => load,
                Err(nobody) => return Err(failure.unwrap_or_else(|| nobody.into())),
            };
            if let Some(failure) = failure
                && (self.is_over() || !service.may_retry(now))
            {
                return Err(failure);
            }
            tried.add(load.index);
            match self.to(load).await {
                Ok(answered) => return Ok(answered),
                Err(Missed::Elsewhere(because)) => failure = Some(because),
                Err(Missed::Failed(failure)) => return Err(failure),
            }
        }
    }

    /// Brings the request to one address: by kept connections as long as they are found dead, then
    /// by new ones.
    async fn to(&mut self, mut load: Load) -> Result<(Response<Incoming>, Exchange), Missed> {
        let service = self.service;
        let Some(address) = service.addresses.get(load.index) else { return Err(Missed::Elsewhere(Failure::Unreachable)) };
        let mut fresh_attempts = 0;
        while fresh_attempts < 2 {
            let kept = self.worker.pool.take(address, self.outgoing.upgrade);
            let reused = kept.is_some();
            let lease = match kept {
                Some(lease) => lease,
                None => match self.connect(address).await {
                    Ok(lease) => lease,
                    Err(ConnectFailed::Refused(reason)) => {
                        load.failed(reason);
                        return Err(Missed::Elsewhere(Failure::Unreachable));
                    }
                    Err(ConnectFailed::Timeout) => {
                        load.failed("No connection in time".to_owned());
                        return Err(Missed::Elsewhere(Failure::Timeout));
                    }
                },
            };
            let shared = lease.is_shared();
            // A shared connection stays in the pool while it is used: every attempt on one counts.
            fresh_attempts += u32::from(!reused || shared);
            let repeatable = reused && self.may_repeat;
            match self.attempt(address, lease, repeatable, &mut load).await {
                Next::Answered(response, lease) => return Ok((response, Exchange::new(lease, load))),
                Next::Failed(failure) => return Err(Missed::Failed(failure)),
                Next::Again if repeatable => {
                    // The others of this address were kept as long: begin afresh.
                    self.worker.pool.forget(address);
                    self.may_repeat = false;
                }
                Next::Again if shared => self.worker.pool.forget(address),
                Next::Again => {}
            }
        }
        load.failed("Closed the connection before the request".to_owned());
        Err(Missed::Elsewhere(Failure::Unreachable))
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    async fn connect(&mut self, address: &Address) -> Result<Lease, ConnectFailed> {
        let connecting = connect(self.worker, self.service, address, self.outgoing.upgrade);
        match self.until {
            None => connecting.await,
            Some(until) => timeout_at(until, connecting).await.unwrap_or(Err(ConnectFailed::Timeout)),
        }
    }

    async fn attempt(&mut self, address: &Address, mut lease: Lease, repeatable: bool, load: &mut Load) -> Next {
        // What the service refuses to begin in HTTP/2 can be sent again, if it can be repeated at all.
        let refusable = lease.is_shared() && self.progress.is_none();
        let Some(request) = self.outgoing.request(address, &lease) else {
            return Next::Failed(Failure::Unreachable);
        };
        let sent = Instant::now();
        let answer = lease.try_send(request);
        match self.first_byte(answer, sent).await {
            Some(Ok(response)) => {
                let now = Instant::now();
                let begin = self.progress.as_ref().map_or(sent, |progress| progress.latest().max(sent));
                load.answered(response.status(), now.saturating_duration_since(begin), millis(now));
                Next::Answered(response, lease)
            }
            Some(Err(mut error)) => {
                if let Some(request) = error.take_message() {
                    self.outgoing.take_back(request);
                    return Next::Again;
                }
                if let Some(broken) = self.progress.as_ref().and_then(|progress| progress.broken()) {
                    return Next::Failed(Failure::Upload(broken));
                }
                tracing::debug!(service = %self.service.slug, error = %error.error(), "no answer");
                let refused = refusable && pool::was_refused(error.error());
                if refused || (repeatable && self.service.may_retry(millis(Instant::now()))) {
                    return Next::Again;
                }
                load.failed(error.error().to_string());
                Next::Failed(Failure::Unreachable)
            }
            None => {
                load.failed(format!("No answer within {} ms", sent.elapsed().as_millis()));
                Next::Failed(Failure::Timeout)
            }
        }
    }

    /// Waits for the head of the answer. The time runs from the last piece of the request: a long
    /// upload is no slow service.
    async fn first_byte<T>(
        &mut self,
        answer: impl Future<Output = Result<T, TrySendError<Request<Upload>>>>,
        sent: Instant,
    ) -> Option<Result<T, TrySendError<Request<Upload>>>> {
        let timeout = self.service.timeout;
        let within = |deadline: Instant| self.until.map_or(deadline, |until| until.min(deadline));
        let mut answer = std::pin::pin!(answer);
        let mut deadline = within(sent + timeout);
        loop {
            if let Ok(answer) = timeout_at(deadline, answer.as_mut()).await {
                return Some(answer);
            }
            deadline = self.progress.as_ref().map(|progress| within(progress.latest() + timeout)).filter(|later| *later > deadline)?;
        }
    }
}

impl From<Nobody> for Failure {
    fn from(nobody: Nobody) -> Self {
        nobody.wait.map_or(Self::Unreachable, |wait| Self::Held { seconds: wait.div_ceil(1_000) })
    }
}

impl Service {
    fn note(&self, failure: Failure) {
        let count = match failure {
            Failure::Unreachable => &self.counts.unreachable,
            Failure::Timeout => &self.counts.timeouts,
            Failure::Held { .. } => &self.counts.held,
            Failure::Full => &self.counts.full,
            Failure::Upload(_) => return,
        };
        count.fetch_add(1, Relaxed);
    }

    /// Whether it has as many calls as it may have, give or take one for each worker.
    fn is_full(&self) -> bool {
        let limit = self.policy.max_in_flight;
        limit != 0 && self.addresses.iter().map(|address| address.health.in_flight.load(Relaxed)).sum::<u32>() >= limit
    }

    fn may_retry(&self, now: Millis) -> bool {
        let granted = self.budget.take(self.counts.requests.load(Relaxed), now);
        self.counts.retries.fetch_add(u64::from(granted), Relaxed);
        granted
    }
}

/// Fields of this connection, in HTTP/1.1: a body of unknown length follows in chunks, whatever the
/// method, and `TE` is for the next hop only.
fn frame(request: &mut Request<Upload>) {
    use http_body::Body as _;
    let chunked = !request.body().is_end_stream() && request.body().size_hint().exact().is_none();
    let headers = request.headers_mut();
    if chunked {
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if headers.contains_key(header::TE) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("TE"));
    }
}

/// HTTP/2 frames bodies itself and has no fields of the connection (RFC 9113 §8.2.2).
fn unframe(headers: &mut HeaderMap) {
    for name in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
}
