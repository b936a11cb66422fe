//! One HTTP/2 connection (RFC 9113): bounded streams, windows and heads; let go when it is idle
//! and cut when its client does little but begin and cancel.

use std::{
    future::{Future as _, poll_fn},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body::{Body as _, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    accept::Worker,
    stall::{Streaming, told},
    wire::Wire,
};
use crate::{
    body::{Body, BodyError},
    framing::LARGEST_HEAD,
    settings::Settings,
};

/// What one upload may have under way, and what all of a connection may hold in memory.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What an answer may have waiting for its client, for each stream.
const SEND_BUFFER: usize = 64 * 1024;
/// A connection with calls under way that is silent for so long is asked whether it lives.
const PING_AFTER: Duration = Duration::from_mins(1);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long an idle connection may take to close after it was told.
const FAREWELL: Duration = Duration::from_secs(1);
/// Calls cancelled before their answer that a connection may have, before half of all is too many.
const CANCELLED: u64 = 500;

pub(super) fn builder(settings: &Settings) -> http2::Builder<Streaming> {
    let mut server = http2::Builder::new(Streaming { patience: settings.write_idle });
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.max_streams)
        .max_header_list_size(LARGEST_HEAD)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT);
    server
}

/// What the streams of one connection have in common.
struct Streams {
    since: Instant,
    open: AtomicUsize,
    begun: AtomicU64,
    cancelled: AtomicU64,
    /// Milliseconds from `since` to the latest begin or end of a stream.
    latest_ms: AtomicU64,
    flooded: CancellationToken,
}

impl Streams {
    fn touch(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.latest_ms.store(millis, Relaxed);
    }

    /// When the connection will have been idle for `idle`; `None` while something is under way.
    fn idle_at(&self, idle: Duration) -> Option<Instant> {
        (self.open.load(Relaxed) == 0).then(|| self.since + Duration::from_millis(self.latest_ms.load(Relaxed)) + idle)
    }

    fn cancelled(&self) {
        let cancelled = self.cancelled.fetch_add(1, Relaxed) + 1;
        if cancelled >= CANCELLED && cancelled.saturating_mul(2) > self.begun.load(Relaxed) {
            self.flooded.cancel();
        }
    }
}

/// One stream, from its head to the last byte of its answer.
struct Stream {
    streams: Arc<Streams>,
    answered: bool,
}

impl Stream {
    fn begin(streams: &Arc<Streams>) -> Self {
        streams.open.fetch_add(1, Relaxed);
        streams.begun.fetch_add(1, Relaxed);
        streams.touch();
        Self { streams: Arc::clone(streams), answered: false }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.open.fetch_sub(1, Relaxed);
        self.streams.touch();
        if !self.answered {
            self.streams.cancelled();
        }
    }
}

/// The body of an answer, with its stream.
struct Answer {
    body: Body,
    /// Nobody but HTTP/1.1 drops the body of an answer to HEAD by itself.
    is_head: bool,
    _stream: Stream,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        told(Pin::new(&mut self.get_mut().body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.is_head || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Worker {
    pub(super) async fn serve_http2(self: Arc<Self>, server: http2::Builder<Streaming>, wire: Wire, peer: SocketAddr) {
        let idle = self.gateway.settings().header_timeout;
        let streams = Arc::new(Streams {
            since: Instant::now(),
            open: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            latest_ms: AtomicU64::new(0),
            flooded: CancellationToken::new(),
        });
        let (worker, shared) = (Arc::clone(&self), Arc::clone(&streams));
        let service = service_fn(move |request| {
            let (worker, stream) = (Arc::clone(&worker), Stream::begin(&shared));
            let mut answer = Box::pin(async move { worker.dispatch_http2(request, peer, stream).await });
            poll_fn(move |cx| told(answer.as_mut().poll(cx)))
        });
        let mut connection = pin!(server.serve_connection(TokioIo::new(wire), service));
        let mut idle_timer = pin!(sleep(idle));
        let mut leaving = false;
        let outcome = loop {
            tokio::select! {
                outcome = connection.as_mut() => break outcome,
                () = streams.flooded.cancelled() => {
                    tracing::info!(%peer, "cut off: the client begins and cancels too many calls");
                    return;
                }
                () = self.shutdown.cancelled(), if !leaving => {
                    connection.as_mut().graceful_shutdown();
                    leaving = true;
                }
                () = idle_timer.as_mut() => {
                    let now = Instant::now();
                    match streams.idle_at(idle) {
                        None => idle_timer.as_mut().reset((now + idle).into()),
                        Some(later) if later > now => idle_timer.as_mut().reset(later.into()),
                        // Told to go and still here, or it never said all of its preface.
                        Some(_) if leaving => return,
                        Some(_) => {
                            connection.as_mut().graceful_shutdown();
                            leaving = true;
                            idle_timer.as_mut().reset((now + idle.min(FAREWELL)).into());
                        }
                    }
                }
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%peer, %error, "a client connection ended");
        }
    }

    async fn dispatch_http2(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        mut stream: Stream,
    ) -> Result<Response<Answer>, std::convert::Infallible> {
        let is_head = request.method() == Method::HEAD;
        let (parts, body) = request.into_parts();
        let response = Response::from(self.dispatch(&mut parts.into(), body.into(), peer).await);
        stream.answered = true;
        let mut response = response.map(|body| Answer { body, is_head, _stream: stream });
        if is_head && let Some(length) = response.body().body.size_hint().exact().filter(|length| *length > 0) {
            response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
        }
        Ok(response)
    }
}
