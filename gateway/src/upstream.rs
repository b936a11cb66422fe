//! The way to a service: an address is chosen by what is known of it, then a kept connection or a
//! new one. What was never sent is sent again elsewhere; what may have been seen is repeated
//! once, and only if repeating is harmless and the connection was a kept one (RFC 9110 §9.2.2).
//! Both draw on a budget, so that a service in trouble is not given twice the work.

mod answer;
mod budget;
mod choose;
mod circuit;
mod dial;
mod health;
mod http1;
mod load;
mod pool;
mod probe;
mod report;

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use http::{
    HeaderName, HeaderValue, Method, Request, Uri, header,
    uri::{self, PathAndQuery},
};
use tokio::time::{Instant, timeout_at};

#[cfg(fuzzing)]
pub(crate) use http1::fuzz::answer as read_as_bytes;

use choose::{Nobody, Tried, choose};
use dial::{ConnectFailed, connect};
use health::{Millis, millis};
use load::Load;
use pool::{Lease, Stream};
pub(crate) use {
    answer::Answer,
    budget::Budget,
    health::Health,
    load::Exchange,
    pool::Pool,
    probe::{check, probe},
    report::{metrics, report},
};

use crate::{
    catalogue::{Address, Service},
    http1::field,
    identity::{Injected, is_secret},
    message::{Fields, Response},
    state::Worker,
    upload::{Broken, Progress, Upload},
};

/// Room for most heads of requests.
const HEAD: usize = 2 * 1024;

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
    pub(crate) given: &'a Fields,
    /// What the platform adds; nothing to its own questions.
    pub(crate) injected: Option<Injected<'a>>,
    pub(crate) upload: Upload,
    /// The request asks for an upgrade: it needs a connection of its own, in HTTP/1.1.
    pub(crate) upgrade: bool,
}

impl Outgoing<'_> {
    fn onto(&mut self, lease: Lease, address: &Address) -> Option<Ready> {
        Some(match lease {
            Lease::Own(connection, home) => Ready::Own(connection, home, self.outbound(address)?),
            Lease::Shared(stream) => Ready::Shared(Box::new((stream, self.request(address)?))),
        })
    }

    /// In HTTP/1.1. A body of unknown length follows in chunks, whatever the method, and `TE` is for
    /// the next hop only.
    fn outbound(&mut self, address: &Address) -> Option<http1::Outbound> {
        use http_body::Body as _;
        if self.target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return None;
        }
        let upload = std::mem::replace(&mut self.upload, Upload::empty());
        let length = upload.size_hint().exact();
        let chunked = !upload.is_end_stream() && length.is_none();
        let mut head = Vec::with_capacity(HEAD);
        for part in [self.method.as_str(), " ", &*address.prefix, self.target, " HTTP/1.1\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        field(&mut head, "host", address.host_header.as_bytes());
        let mut undeclared = length.filter(|length| *length > 0 && !chunked);
        let mut has_te = false;
        let mut write = |name: &HeaderName, value: &[u8]| {
            if *name == header::HOST {
                return;
            }
            if *name == header::CONTENT_LENGTH {
                undeclared = None;
                if chunked {
                    return;
                }
            }
            has_te |= *name == header::TE;
            field(&mut head, name.as_str(), value);
        };
        self.fields(&mut write);
        if let Some(injected) = self.injected {
            head.extend_from_slice(injected.caller.entry.fields.lines().as_bytes());
        }
        if chunked {
            field(&mut head, "transfer-encoding", b"chunked");
        }
        if let Some(length) = undeclared {
            field(&mut head, "content-length", length.to_string().as_bytes());
        }
        if has_te {
            field(&mut head, "connection", b"TE");
        }
        head.extend_from_slice(b"\r\n");
        Some(http1::Outbound { head, method: self.method.clone(), upload, chunked })
    }

    /// In HTTP/2, which frames bodies itself and has no fields of the connection (RFC 9113 §8.2.2).
    fn request(&mut self, address: &Address) -> Option<Request<Upload>> {
        let target = if address.prefix.is_empty() {
            PathAndQuery::try_from(self.target)
        } else {
            PathAndQuery::try_from(format!("{}{}", address.prefix, self.target))
        };
        let mut parts = uri::Parts::default();
        parts.scheme = Some(address.scheme.clone());
        parts.authority = Some(address.named.clone());
        parts.path_and_query = Some(target.ok()?);
        let mut request = Request::new(std::mem::replace(&mut self.upload, Upload::empty()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from_parts(parts).ok()?;
        let fields = request.headers_mut();
        let mut add = |name: &HeaderName, value: &[u8]| {
            if let Ok(mut value) = HeaderValue::from_bytes(value) {
                value.set_sensitive(is_secret(name));
                fields.append(name, value);
            }
        };
        self.fields(&mut add);
        for (name, value) in self.injected.iter().flat_map(|injected| injected.caller.entry.fields.same()) {
            add(name, value.as_bytes());
        }
        for name in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING] {
            fields.remove(name);
        }
        Some(request)
    }

    fn fields(&self, field: &mut impl FnMut(&HeaderName, &[u8])) {
        if let Some(injected) = self.injected {
            return injected.fields(self.given, field);
        }
        for (name, value) in self.given.iter() {
            field(name, value.as_bytes());
        }
    }
}

/// A request on the connection that it goes by.
#[expect(clippy::large_enum_variant, reason = "most calls are of the large one")]
enum Ready {
    Own(http1::Connection, http1::Home, http1::Outbound),
    Shared(Box<(Stream, Request<Upload>)>),
}

/// There is no answer on this connection.
struct Unanswered {
    why: String,
    /// The body, when the service can have seen nothing of the request.
    whole: Option<Upload>,
    /// The service says that it has not begun with the request.
    refused: bool,
}

impl Ready {
    async fn send(self) -> Result<Response<Answer>, Unanswered> {
        match self {
            Self::Own(connection, home, request) => match connection.send(request, home).await {
                Ok(Response { status, fields, body }) => Ok(Response { status, fields, body: Answer::Own(body) }),
                Err(failed) => Err(Unanswered { why: failed.why.to_string(), whole: failed.whole, refused: false }),
            },
            Self::Shared(shared) => match Box::pin(shared.0.send(shared.1)).await {
                Ok((response, place)) => Ok(response.map(|incoming| Answer::Shared { incoming, _place: place }).into()),
                Err(mut failed) => {
                    let whole = failed.take_message().map(Request::into_body);
                    Err(Unanswered { why: failed.error().to_string(), whole, refused: pool::was_refused(failed.error()) })
                }
            },
        }
    }
}

/// What to do when there is no answer on one connection.
enum Next {
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
) -> Result<(Response<Answer>, Exchange), Failure> {
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
    async fn run(&mut self) -> Result<(Response<Answer>, Exchange), Failure> {
        let service = self.service;
        service.counts.requests.fetch_add(1, Relaxed);
        if service.is_full() {
            return Err(Failure::Full);
        }
        let mut tried = Tried::default();
        let mut failure = None;
        // The first address is chosen as of when the call began.
        let mut asked = self.outgoing.injected.map(|injected| Instant::from_std(injected.at));
        loop {
            let now = millis(asked.take().unwrap_or_else(Instant::now));
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
    async fn to(&mut self, mut load: Load) -> Result<(Response<Answer>, Exchange), Missed> {
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
                Ok((response, answered)) => return Ok((response, Exchange::new(load, answered))),
                Err(Next::Failed(failure)) => return Err(Missed::Failed(failure)),
                Err(Next::Again) if repeatable => {
                    // The others of this address were kept as long: begin afresh.
                    self.worker.pool.forget(address);
                    self.may_repeat = false;
                }
                Err(Next::Again) if shared => self.worker.pool.forget(address),
                Err(Next::Again) => {}
            }
        }
        load.failed("Closed the connection before the request".to_owned());
        Err(Missed::Elsewhere(Failure::Unreachable))
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    async fn connect(&mut self, address: &Address) -> Result<Lease, ConnectFailed> {
        // It is seldom needed and large: every call would be moved with room for it.
        let connecting = Box::pin(connect(self.worker, self.service, address, self.outgoing.upgrade));
        match self.until {
            None => connecting.await,
            Some(until) => timeout_at(until, connecting).await.unwrap_or(Err(ConnectFailed::Timeout)),
        }
    }

    async fn attempt(
        &mut self,
        address: &Address,
        lease: Lease,
        repeatable: bool,
        load: &mut Load,
    ) -> Result<(Response<Answer>, Instant), Next> {
        // What the service refuses to begin in HTTP/2 can be sent again, if it can be repeated at all.
        let refusable = lease.is_shared() && self.progress.is_none();
        let Some(ready) = self.outgoing.onto(lease, address) else {
            return Err(Next::Failed(Failure::Unreachable));
        };
        let sent = Instant::now();
        match self.first_byte(pin!(ready.send()), sent).await {
            Some(Ok(response)) => {
                let now = Instant::now();
                let begin = self.progress.as_ref().map_or(sent, |progress| progress.latest().max(sent));
                load.answered(response.status, now.saturating_duration_since(begin), millis(now));
                Ok((response, now))
            }
            Some(Err(Unanswered { why, whole, refused })) => {
                if let Some(upload) = whole {
                    self.outgoing.upload = upload;
                    return Err(Next::Again);
                }
                if let Some(broken) = self.progress.as_ref().and_then(|progress| progress.broken()) {
                    return Err(Next::Failed(Failure::Upload(broken)));
                }
                tracing::debug!(service = %self.service.slug, error = %why, "no answer");
                if (refusable && refused) || (repeatable && self.service.may_retry(millis(Instant::now()))) {
                    return Err(Next::Again);
                }
                load.failed(why);
                Err(Next::Failed(Failure::Unreachable))
            }
            None => {
                load.failed(format!("No answer within {} ms", sent.elapsed().as_millis()));
                Err(Next::Failed(Failure::Timeout))
            }
        }
    }

    /// Waits for the head of the answer. The time runs from the last piece of the request: a long
    /// upload is no slow service.
    async fn first_byte<T>(&mut self, mut answer: Pin<&mut impl Future<Output = T>>, sent: Instant) -> Option<T> {
        let timeout = self.service.timeout;
        let within = |deadline: Instant| self.until.map_or(deadline, |until| until.min(deadline));
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
