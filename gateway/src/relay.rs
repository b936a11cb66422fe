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
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    body::BodyError,
    cache::Keeping,
    call::Call,
    header::{Direction, strip_trailers},
    upstream::{Answer, Exchange},
};

pub(crate) struct Relay {
    /// Until it is at its end, or given up.
    answer: Option<Answer>,
    /// What is told next: what was sent before it shall not be lost with the connection.
    breaking: Option<BodyError>,
    whole: bool,
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
        answer: Answer,
        exchange: Exchange,
        call: Call,
        deadlines: Deadlines,
        limit: Option<u64>,
        keeping: Option<Box<Keeping>>,
    ) -> Self {
        Self {
            answer: Some(answer),
            breaking: None,
            whole: false,
            exchange: Some(exchange),
            call,
            deadlines,
            timer: None,
            left: limit.unwrap_or(u64::MAX),
            keeping,
        }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(self.breaking.take().map(Err)) };
        if self.deadlines.is_over() {
            return self.cut_off(Silent, cx);
        }
        let Poll::Ready(frame) = Pin::new(answer).poll_frame(cx) else {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.deadlines.next())));
            ready!(timer.as_mut().poll(cx));
            self.blame("Stopped in the middle of an answer");
            return self.cut_off(Silent, cx);
        };
        self.timer = None;
        match frame {
            None => {
                self.settle();
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                self.blame("Broke off in the middle of an answer");
                self.cut_off(error, cx)
            }
            Some(Ok(mut frame)) => {
                if let Some(data) = frame.data_ref() {
                    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    let Some(left) = self.left.checked_sub(length) else {
                        return self.cut_off(TooLarge, cx);
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
        self.answer.as_ref().map_or(self.whole, Answer::is_end_stream)
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.answer.as_ref().map(Answer::size_hint).unwrap_or_default()
    }

    /// The answer ends here, visibly.
    fn cut_off(&mut self, error: impl Into<BodyError>, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.answer = None;
        self.exchange = None;
        self.keeping = None;
        self.breaking = Some(error.into());
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn blame(&mut self, what: &str) {
        if let Some(exchange) = self.exchange.take() {
            exchange.broken(what);
        }
    }

    fn settle(&mut self) {
        if let Some(keeping) = self.keeping.take() {
            keeping.finish();
        }
        if let Some(exchange) = self.exchange.take() {
            exchange.ended();
        }
        if let Some(answer) = self.answer.take() {
            self.whole = true;
            answer.give_back();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Nobody asks for more once Content-Length bytes are written.
        if self.is_end_stream() {
            self.settle();
        }
    }
}
