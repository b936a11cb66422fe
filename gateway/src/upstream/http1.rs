//! HTTP/1.1 to services (RFC 9112). The task of a call drives its connection itself, and what is
//! known is written as it is, with no map of fields and no other task between: this is what the
//! gateway does most. Decision 13 says why it is not hyper's client.

mod answer;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod head;
mod sending;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::BytesMut;
use http::Method;
use tokio::{
    io::{AsyncRead as _, ReadBuf, split},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

pub(super) use self::answer::{Answer, Home};
use self::{
    answer::{Pump, Source},
    sending::Sending,
};
use crate::{
    http1::{Malformed, ROOM, fill},
    message::Response,
    upload::Upload,
};

pub(super) type Io = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Why an exchange came to nothing, or broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the service closed the connection")]
    Closed,
    /// The client's part, of which its upload knows more.
    #[error("the request body broke off")]
    Upload,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A request that got no answer.
pub(super) struct Unanswered {
    pub(super) why: Broken,
    /// There when the service can have seen nothing of it.
    pub(super) whole: Option<Upload>,
}

/// A request in the form in which it is sent.
pub(super) struct Outbound {
    /// The head, and its empty line.
    pub(super) head: Vec<u8>,
    pub(super) method: Method,
    pub(super) upload: Upload,
    /// Whether the body goes in chunks.
    pub(super) chunked: bool,
}

pub(super) struct Connection {
    io: Io,
    /// Empty between exchanges, with room for the next.
    read: BytesMut,
}

impl Connection {
    pub(super) fn new(io: Io) -> Self {
        Self { io, read: BytesMut::new() }
    }

    /// Whether it is good for an exchange: the service has not closed it, nor spoken out of turn.
    pub(super) fn is_idle(&mut self) -> bool {
        let mut byte = [0];
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.io).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(self, request: Outbound, home: Home) -> Result<Response<Answer>, Unanswered> {
        use http_body::Body as _;
        let Self { mut io, mut read } = self;
        let Outbound { head, method, upload, chunked } = request;
        let upload = Some(upload).filter(|upload| !upload.is_end_stream());
        let mut sending = Sending { out: head, upload, chunked, touched: false, began: false };
        let mut sent = false;
        let mut unsent = None;
        let outcome = poll_fn(|cx| {
            if !sent && unsent.is_none() {
                match sending.poll(&mut io, cx) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(())) => sent = true,
                    // The service may have answered before it stopped listening.
                    Poll::Ready(Err(Broken::Io(error))) if sending.began => unsent = Some(error),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                }
            }
            loop {
                if let Some(head) = head::take(&mut read, &method)? {
                    return Poll::Ready(Ok(head));
                }
                let end = match ready!(fill(&mut io, &mut read, ROOM, cx)) {
                    Ok(0) => Broken::Closed,
                    Ok(_) => continue,
                    Err(error) => error.into(),
                };
                return Poll::Ready(Err(unsent.take().map_or(end, Broken::Io)));
            }
        });
        let head = match outcome.await {
            Ok(head) => head,
            Err(why) => {
                let whole = !sending.began && !sending.touched;
                return Err(Unanswered { why, whole: whole.then(|| sending.upload.unwrap_or_else(Upload::empty)) });
            }
        };
        let home = Some(home).filter(|_| head.keeps && sent);
        let source = if sent || unsent.is_some() { Source::Whole(io) } else { pump(io, sending) };
        let body = Answer { source, read, framing: head.framing, room: ROOM, home };
        Ok(Response { status: head.status, fields: head.fields, body })
    }
}

/// The answer is there before all of the request is sent: the rest goes by a task of its own, for the
/// client may take the answer slowly and must not be held up by itself.
fn pump(io: Io, mut sending: Sending) -> Source {
    let (read, mut write) = split(io);
    let rest = tokio::spawn(async move {
        let _ = poll_fn(|cx| sending.poll(&mut write, cx)).await;
    });
    Source::Half(read, Pump { task: rest.abort_handle(), over: false })
}
