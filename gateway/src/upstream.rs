//! The way to a service: a few kept connections for each worker, tried in turn over the service's
//! addresses. What was never sent is sent again elsewhere; what may have been seen is repeated
//! once, and only if repeating is harmless and the connection was a kept one (RFC 9110 §9.2.2).

mod dial;
mod pool;

use std::{future::Future, sync::Arc, sync::atomic::Ordering::Relaxed};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri, header,
    uri::{self, PathAndQuery},
};
use hyper::{body::Incoming, client::conn::TrySendError};
use tokio::time::{Instant, timeout_at};

use dial::{ConnectFailed, connect};
pub(crate) use pool::{Lease, Pool};

use crate::{
    catalogue::{Address, Service},
    state::Worker,
    upload::{Broken, Progress, Upload},
};

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Unreachable,
    Timeout,
    Upload(Broken),
}

/// A request that has passed everything.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    /// Path and query as the client wrote them, after the product.
    pub(crate) target: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) upload: Upload,
    /// The request asks for an upgrade: it needs a connection of its own, in HTTP/1.1.
    pub(crate) upgrade: bool,
}

impl Outgoing<'_> {
    fn request(&mut self, address: &Address, lease: &Lease, keep_copy: bool) -> Option<Request<Upload>> {
        let target = if address.prefix.is_empty() {
            PathAndQuery::try_from(self.target)
        } else {
            PathAndQuery::try_from(format!("{}{}", address.prefix, self.target))
        };
        let target = target.ok()?;
        let mut request = Request::new(std::mem::replace(&mut self.upload, Upload::empty()));
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = if keep_copy { self.headers.clone() } else { std::mem::take(&mut self.headers) };
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
        let (parts, upload) = request.into_parts();
        self.headers = parts.headers;
        self.upload = upload;
    }
}

/// What to do after one attempt.
enum Next {
    Answered(Response<Incoming>, Lease),
    /// The request is whole and may be sent to anyone.
    Again,
    Failed(Failure),
}

pub(crate) async fn send(worker: &Worker, service: &Service, mut outgoing: Outgoing<'_>) -> Result<(Response<Incoming>, Lease), Failure> {
    let progress = outgoing.upload.progress();
    let harmless = progress.is_none() && outgoing.method.is_idempotent();
    let first = service.turn.fetch_add(1, Relaxed);
    let count = service.addresses.len();
    service.counts.requests.fetch_add(1, Relaxed);
    let mut failure = Failure::Unreachable;
    let mut may_repeat = harmless;
    for turn in 0..count {
        let Some(address) = service.addresses.get(first.wrapping_add(turn) % count) else { continue };
        let mut fresh_attempts = 0;
        while fresh_attempts < 2 {
            let kept = worker.pool.take(address, outgoing.upgrade);
            let reused = kept.is_some();
            let lease = match kept {
                Some(lease) => lease,
                None => match connect(worker, service, address, outgoing.upgrade).await {
                    Ok(lease) => lease,
                    Err(ConnectFailed::Refused) => {
                        failure = Failure::Unreachable;
                        break;
                    }
                    Err(ConnectFailed::Timeout) => {
                        failure = Failure::Timeout;
                        break;
                    }
                },
            };
            let shared = lease.is_shared();
            // A shared connection stays in the pool while it is used: every attempt on one counts.
            fresh_attempts += u32::from(!reused || shared);
            let repeatable = reused && may_repeat;
            let next = attempt(&mut outgoing, address, service, lease, repeatable, progress.as_ref());
            match next.await {
                Next::Answered(response, lease) => return Ok((response, lease)),
                Next::Again if repeatable => {
                    // The others of this address were kept as long: begin afresh.
                    worker.pool.forget(address);
                    may_repeat = false;
                }
                Next::Again if shared => worker.pool.forget(address),
                Next::Again => {}
                Next::Failed(failure) => {
                    service.note(failure);
                    return Err(failure);
                }
            }
        }
    }
    service.note(failure);
    Err(failure)
}

async fn attempt(
    outgoing: &mut Outgoing<'_>,
    address: &Address,
    service: &Service,
    mut lease: Lease,
    repeatable: bool,
    progress: Option<&Arc<Progress>>,
) -> Next {
    // What the service refuses to begin in HTTP/2 can be sent again, if it can be repeated at all.
    let refusable = lease.is_shared() && progress.is_none();
    let Some(request) = outgoing.request(address, &lease, repeatable || refusable) else {
        return Next::Failed(Failure::Unreachable);
    };
    let answer = lease.try_send(request);
    match first_byte(answer, service, progress).await {
        Some(Ok(response)) => Next::Answered(response, lease),
        Some(Err(mut error)) => {
            if let Some(request) = error.take_message() {
                outgoing.take_back(request);
                return Next::Again;
            }
            if let Some(broken) = progress.and_then(|progress| progress.broken()) {
                return Next::Failed(Failure::Upload(broken));
            }
            tracing::debug!(service = %service.slug, error = %error.error(), "no answer");
            let again = repeatable || (refusable && pool::was_refused(error.error()));
            if again { Next::Again } else { Next::Failed(Failure::Unreachable) }
        }
        None => Next::Failed(Failure::Timeout),
    }
}

/// Waits for the head of the answer. The time runs from the last piece of the request: a long
/// upload is no slow service.
async fn first_byte<T>(
    answer: impl Future<Output = Result<T, TrySendError<Request<Upload>>>>,
    service: &Service,
    progress: Option<&Arc<Progress>>,
) -> Option<Result<T, TrySendError<Request<Upload>>>> {
    let mut answer = std::pin::pin!(answer);
    let mut deadline = Instant::now() + service.timeout;
    loop {
        if let Ok(answer) = timeout_at(deadline, answer.as_mut()).await {
            return Some(answer);
        }
        deadline = progress.map(|progress| progress.latest() + service.timeout).filter(|later| *later > deadline)?;
    }
}

impl Service {
    fn note(&self, failure: Failure) {
        match failure {
            Failure::Unreachable => self.counts.unreachable.fetch_add(1, Relaxed),
            Failure::Timeout => self.counts.timeouts.fetch_add(1, Relaxed),
            Failure::Upload(_) => return,
        };
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
