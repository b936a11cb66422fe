//! The body of an answer, whatever version of HTTP the service speaks.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};

use super::http1;
use crate::body::BodyError;

pub(crate) enum Answer {
    Own(http1::Answer),
    /// By HTTP/2; it has its place on the connection until it is dropped.
    Shared {
        incoming: Incoming,
        _place: Arc<()>,
    },
}

impl Answer {
    /// The length of the body when all of it has come with the head; else zero.
    pub(crate) fn in_hand(&self) -> u64 {
        match self {
            Self::Own(answer) => answer.in_hand(),
            Self::Shared { .. } => 0,
        }
    }

    /// It was read to its end: the connection may be used again.
    pub(crate) fn give_back(self) {
        if let Self::Own(answer) = self {
            answer.give_back();
        }
    }

    /// The connection after a 101, and what has come by it already.
    pub(crate) fn into_tunnel(self) -> Option<(impl AsyncRead + AsyncWrite + Send, Bytes)> {
        match self {
            Self::Own(answer) => answer.into_tunnel(),
            Self::Shared { .. } => None,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Own(answer) => Pin::new(answer).poll_frame(cx).map_err(Into::into),
            Self::Shared { incoming, .. } => Pin::new(incoming).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(answer) => answer.is_end_stream(),
            Self::Shared { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(answer) => answer.size_hint(),
            Self::Shared { incoming, .. } => incoming.size_hint(),
        }
    }
}
