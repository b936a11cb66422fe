//! Streams whose client takes nothing. In HTTP/1.1 the socket tells; in HTTP/2 a stream may wait
//! for its window while its connection lives, and would hold a connection to a service for ever.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

thread_local! {
    /// Whether the stream that is polled now waits for our side: the call, or more of its answer.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Tells for whom the stream that is polled now waits.
pub(super) fn told<T>(outcome: Poll<T>) -> Poll<T> {
    OURS.set(outcome.is_pending());
    outcome
}

/// Runs the streams of a connection, and drops those whose client makes them wait for too long: a
/// dropped stream is reset, and its call ends.
#[derive(Clone)]
pub(super) struct Streaming {
    pub(super) patience: Duration,
}

impl<F> Executor<F> for Streaming
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(Watched { stream: Box::pin(stream), patience: self.patience, timer: None });
    }
}

struct Watched<F> {
    stream: Pin<Box<F>>,
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let watched = self.get_mut();
        if let Some(timer) = &mut watched.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(());
        }
        OURS.set(false);
        if watched.stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        watched.timer = None;
        if !OURS.get() {
            let patience = watched.patience;
            let timer = watched.timer.insert(Box::pin(sleep(patience)));
            ready!(timer.as_mut().poll(cx));
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
