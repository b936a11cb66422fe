//! Bodies of both directions behind one type each, so that a call costs no dynamic dispatch where
//! it is forwarded: [`RequestBody`] is what a client may send, [`Body`] what it gets.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;

use crate::{control::Channel, listen::http1, relay::Relay, tunnel::Tunnel};

/// Whatever may go wrong in the middle of a body.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// A body of any origin, for what is not on the fast path.
pub type BoxBody = UnsyncBoxBody<Bytes, BodyError>;

/// The body of a request: a client's own, or one that a router or test has boxed.
pub struct RequestBody(Given);

enum Given {
    /// It came with the head, or there is none.
    Whole(Option<Bytes>),
    Http1(http1::Incoming),
    Http2(Incoming),
    Boxed(BoxBody),
}

impl RequestBody {
    pub(crate) fn empty() -> Self {
        Self(Given::Whole(None))
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Given::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }
}

impl From<http1::Incoming> for RequestBody {
    fn from(body: http1::Incoming) -> Self {
        Self(Given::Http1(body))
    }
}

impl From<Incoming> for RequestBody {
    fn from(body: Incoming) -> Self {
        Self(Given::Http2(body))
    }
}

impl From<BoxBody> for RequestBody {
    fn from(body: BoxBody) -> Self {
        Self(Given::Boxed(body))
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().0 {
            Given::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Given::Http1(body) => Pin::new(body).poll_frame(cx),
            Given::Http2(body) => Pin::new(body).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into))),
            Given::Boxed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Given::Whole(bytes) => bytes.is_none(),
            Given::Http1(body) => body.is_end_stream(),
            Given::Http2(body) => body.is_end_stream(),
            Given::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Given::Whole(bytes) => exact(bytes.as_ref()),
            Given::Http1(body) => body.size_hint(),
            Given::Http2(body) => body.size_hint(),
            Given::Boxed(body) => body.size_hint(),
        }
    }
}

fn exact(bytes: Option<&Bytes>) -> SizeHint {
    SizeHint::with_exact(bytes.map_or(0, |bytes| bytes.len() as u64))
}

/// The body of an answer.
pub struct Body(Kind);

enum Kind {
    Full(Option<Bytes>),
    Relay(Box<Relay>),
    Channel(Box<Channel>),
    /// Nothing in HTTP; after it the connection is somebody else's.
    Tunnel(Option<Box<Tunnel>>),
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self(Kind::Full(None))
    }

    pub(crate) fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Full(Some(bytes.into()).filter(|bytes| !bytes.is_empty())))
    }

    pub(crate) fn relay(relay: Relay) -> Self {
        Self(Kind::Relay(Box::new(relay)))
    }

    pub(crate) fn channel(channel: Channel) -> Self {
        Self(Kind::Channel(Box::new(channel)))
    }

    pub(crate) fn tunnel(tunnel: Tunnel) -> Self {
        Self(Kind::Tunnel(Some(Box::new(tunnel))))
    }

    pub(crate) fn take_tunnel(&mut self) -> Option<Box<Tunnel>> {
        if let Kind::Tunnel(tunnel) = &mut self.0 { tunnel.take() } else { None }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().0 {
            Kind::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Relay(relay) => relay.poll_frame(cx),
            Kind::Channel(channel) => channel.poll_frame(cx),
            Kind::Tunnel(_) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full(bytes) => bytes.is_none(),
            Kind::Relay(relay) => relay.is_end_stream(),
            Kind::Channel(channel) => channel.is_end_stream(),
            Kind::Tunnel(_) => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => exact(bytes.as_ref()),
            Kind::Relay(relay) => relay.size_hint(),
            Kind::Channel(channel) => channel.size_hint(),
            Kind::Tunnel(_) => exact(None),
        }
    }
}
