//! The body of a request on its way to the service: counted, bounded, watched for stalls, and
//! read only as fast as the service takes it. The first read of it is what makes the listener send
//! `100 Continue`, so that nothing here touches a body before its call is admitted.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::{
    body::{BodyError, RequestBody},
    header::{Direction, strip_trailers},
};

/// Why an upload broke off, where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    TooLarge,
    Stalled,
    /// The client left, or its chunks make no sense.
    Client,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the request body is too large",
            Self::Stalled => "the request body stalled",
            Self::Client => "the request body broke off",
        })
    }
}

impl std::error::Error for Broken {}

/// What the call knows of its upload while whoever sends it owns the body.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    bytes: AtomicU64,
    broken: AtomicU8,
    /// Milliseconds from `began` to the latest frame or the end.
    latest_ms: AtomicU64,
}

impl Progress {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    pub(crate) fn broken(&self) -> Option<Broken> {
        match self.broken.load(Relaxed) {
            1 => Some(Broken::TooLarge),
            2 => Some(Broken::Stalled),
            3 => Some(Broken::Client),
            _ => None,
        }
    }

    /// When the service last had something new to work on.
    pub(crate) fn latest(&self) -> Instant {
        self.began + Duration::from_millis(self.latest_ms.load(Relaxed))
    }

    fn touch(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.latest_ms.store(millis, Relaxed);
    }
}

pub(crate) struct Upload {
    /// `None` for requests without a body: there is nothing to read, count or time.
    open: Option<Open>,
}

struct Open {
    body: RequestBody,
    left: u64,
    idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    progress: Arc<Progress>,
}

impl Upload {
    pub(crate) fn empty() -> Self {
        Self { open: None }
    }

    pub(crate) fn new(body: RequestBody, limit: u64, idle: Duration) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        let progress = Progress { began: Instant::now(), bytes: AtomicU64::new(0), broken: AtomicU8::new(0), latest_ms: AtomicU64::new(0) };
        let progress = Arc::new(progress);
        Self { open: Some(Open { body, left: limit, idle, timer: None, progress }) }
    }

    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.open.as_ref().map(|open| Arc::clone(&open.progress))
    }
}

impl Open {
    fn breaks(&self, broken: Broken) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.progress.broken.store(broken as u8 + 1, Relaxed);
        Poll::Ready(Some(Err(broken.into())))
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.idle)));
            ready!(timer.as_mut().poll(cx));
            return self.breaks(Broken::Stalled);
        };
        self.timer = None;
        self.progress.touch();
        let mut frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(_)) => return self.breaks(Broken::Client),
            Some(Ok(frame)) => frame,
        };
        if let Some(data) = frame.data_ref() {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            let Some(left) = self.left.checked_sub(length) else {
                return self.breaks(Broken::TooLarge);
            };
            self.left = left;
            self.progress.bytes.fetch_add(length, Relaxed);
        } else if let Some(trailers) = frame.trailers_mut() {
            strip_trailers(trailers, Direction::ToService);
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().open {
            Some(open) => open.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.open.as_ref().map_or_else(|| SizeHint::with_exact(0), |open| open.body.size_hint())
    }
}
