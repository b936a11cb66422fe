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
use tokio::time::{Sleep, sleep};

use crate::{
    body::BodyError,
    call::Call,
    header::{Direction, strip_trailers},
    upstream::Lease,
};

pub(crate) struct Relay {
    incoming: Incoming,
    lease: Option<Lease>,
    call: Call,
    idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the service stopped sending")]
struct Silent;

impl Relay {
    pub(crate) fn new(incoming: Incoming, lease: Lease, call: Call, idle: Duration) -> Self {
        Self { incoming, lease: Some(lease), call, idle, timer: None }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.idle)));
            ready!(timer.as_mut().poll(cx));
            self.lease = None;
            return Poll::Ready(Some(Err(Silent.into())));
        };
        self.timer = None;
        match frame {
            None => {
                self.settle();
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                self.lease = None;
                Poll::Ready(Some(Err(error.into())))
            }
            Some(Ok(mut frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.call.sent(data.len());
                } else if let Some(trailers) = frame.trailers_mut() {
                    strip_trailers(trailers, Direction::ToClient);
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

    fn settle(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
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
