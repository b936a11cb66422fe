//! The body of a service's answer on its way to the client: unbuffered, counted, and broken off
//! where the service breaks off, so that a truncated answer never looks whole. When it ends the
//! connection goes back to its pool; when it is dropped before, the connection is closed.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    body::BodyError,
    cache::Keeping,
    call::Call,
    header::{Direction, strip_trailers},
    upstream::Exchange,
};

pub(crate) struct Relay {
    incoming: Incoming,
    exchange: Option<Exchange>,
    call: Call,
    deadlines: Deadlines,
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes that may follow.
    left: u64,
    keeping: Option<Box<Keeping>>,
}

/// How long a service may take over a body.
pub(crate) struct Deadlines {
    /// Between two pieces.
    pub(crate) idle: Duration,
    /// The end of the whole call, where it has one.
    pub(crate) until: Option<Instant>,
}

impl Deadlines {
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    fn next(&self) -> Instant {
        let idle = Instant::now() + self.idle;
        self.until.map_or(idle, |until| until.min(idle))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the service stopped sending")]
struct Silent;

#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than the plan allows")]
struct TooLarge;

impl Relay {
    pub(crate) fn new(
        incoming: Incoming,
        exchange: Exchange,
        call: Call,
        deadlines: Deadlines,
        limit: Option<u64>,
        keeping: Option<Box<Keeping>>,
    ) -> Self {
        Self { incoming, exchange: Some(exchange), call, deadlines, timer: None, left: limit.unwrap_or(u64::MAX), keeping }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.deadlines.is_over() {
            self.exchange = None;
            return Poll::Ready(Some(Err(Silent.into())));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.deadlines.next())));
            ready!(timer.as_mut().poll(cx));
            self.broke("Stopped in the middle of an answer");
            return Poll::Ready(Some(Err(Silent.into())));
        };
        self.timer = None;
        match frame {
            None => {
                self.settle();
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                self.broke("Broke off in the middle of an answer");
                Poll::Ready(Some(Err(error.into())))
            }
            Some(Ok(mut frame)) => {
                if let Some(data) = frame.data_ref() {
                    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    let Some(left) = self.left.checked_sub(length) else {
                        self.exchange = None;
                        self.keeping = None;
                        return Poll::Ready(Some(Err(TooLarge.into())));
                    };
                    self.left = left;
                    self.call.sent(data.len());
                    if self.keeping.as_mut().is_some_and(|keeping| !keeping.add(data)) {
                        self.keeping = None;
                    }
                } else if let Some(trailers) = frame.trailers_mut() {
                    strip_trailers(trailers, Direction::ToClient);
                    // What comes late has no place in the store.
                    self.keeping = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }

    fn broke(&mut self, what: &str) {
        self.keeping = None;
        if let Some(exchange) = self.exchange.take() {
            exchange.broken(what);
        }
    }

    fn settle(&mut self) {
        if let Some(keeping) = self.keeping.take() {
            keeping.finish();
        }
        if let Some(exchange) = self.exchange.take() {
            exchange.give_back();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // hyper stops polling once it has written Content-Length bytes.
        if self.incoming.is_end_stream() {
            self.settle();
        }
    }
}
