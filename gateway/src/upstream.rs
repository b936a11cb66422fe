//! The way to a service: a few kept connections for each worker, tried in turn over the service's
//! addresses. What was never sent is sent again elsewhere; what may have been seen is repeated
//! once, and only if repeating is harmless and the connection was a kept one (RFC 9110 §9.2.2).

mod pool;

use std::{future::Future, sync::Arc, sync::atomic::Ordering::Relaxed};

use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header, uri::PathAndQuery};
use hyper::{body::Incoming, client::conn::TrySendError};
use tokio::time::{Instant, timeout_at};

use pool::{ConnectFailed, connect};
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
}

impl Outgoing<'_> {
    fn request(&mut self, address: &Address, keep_copy: bool) -> Option<Request<Upload>> {
        let target = if address.prefix.is_empty() {
            PathAndQuery::try_from(self.target)
        } else {
            PathAndQuery::try_from(format!("{}{}", address.prefix, self.target))
        };
        let mut request = Request::new(std::mem::replace(&mut self.upload, Upload::empty()));
        *request.uri_mut() = Uri::from(target.ok()?);
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = if keep_copy { self.headers.clone() } else { std::mem::take(&mut self.headers) };
        request.headers_mut().insert(header::HOST, address.host_header.clone());
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
            let kept = worker.pool.take(address);
            let reused = kept.is_some();
            let lease = match kept {
                Some(lease) => lease,
                None => match connect(worker, service, address).await {
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
            fresh_attempts += u32::from(!reused);
            let repeatable = reused && may_repeat;
            let next = attempt(&mut outgoing, address, service, lease, repeatable, progress.as_ref());
            match next.await {
                Next::Answered(response, lease) => return Ok((response, lease)),
                Next::Again if repeatable => {
                    // The others of this address were kept as long: begin afresh.
                    worker.pool.forget(address);
                    may_repeat = false;
                }
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
    let Some(request) = outgoing.request(address, repeatable) else {
        return Next::Failed(Failure::Unreachable);
    };
    let answer = lease.sender.try_send_request(request);
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
            if repeatable { Next::Again } else { Next::Failed(Failure::Unreachable) }
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

/// Tells hyper that a body of unknown length follows, whatever the method.
pub(crate) fn frame(headers: &mut HeaderMap, upload: &Upload) {
    use http_body::Body as _;
    if !upload.is_end_stream() && upload.size_hint().exact().is_none() {
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}
