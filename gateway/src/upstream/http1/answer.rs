//! The body of an answer. It owns the connection until it has come to its end.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf},
    task::AbortHandle,
};

use super::{Broken, Connection, Io};
use crate::{
    http1::{Framing, LARGE_ROOM, Piece, ROOM, fill},
    upstream::pool::Pool,
};

/// Where the connection goes when it is good for another exchange.
pub(in crate::upstream) struct Home {
    pub(in crate::upstream) pool: Arc<Pool>,
    pub(in crate::upstream) authority: Arc<str>,
}

pub(crate) struct Answer {
    pub(super) source: Source,
    pub(super) read: BytesMut,
    pub(super) framing: Framing,
    pub(super) room: usize,
    /// None when the connection is not good for another exchange.
    pub(super) home: Option<Home>,
}

pub(super) enum Source {
    Whole(Io),
    /// The request is still on its way while this is read: the service answered early.
    Half(ReadHalf<Io>, Pump),
}

/// Sends the rest of a request; it goes on after the answer, unless that breaks off.
pub(super) struct Pump {
    pub(super) task: AbortHandle,
    pub(super) over: bool,
}

impl Drop for Pump {
    fn drop(&mut self) {
        if !self.over {
            self.task.abort();
        }
    }
}

impl AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Whole(io) => Pin::new(io).poll_read(cx, buffer),
            Self::Half(half, _) => Pin::new(half).poll_read(cx, buffer),
        }
    }
}

impl Answer {
    /// The length of the body when all of it has come with the head; else zero.
    pub(crate) fn in_hand(&self) -> u64 {
        let Framing::Length { left } = self.framing else { return 0 };
        if u64::try_from(self.read.len()).is_ok_and(|here| here >= left) { left } else { 0 }
    }

    /// The answer was taken to its end. Gives the connection back to its pool, if it is good for
    /// another exchange; what is left of the request goes on.
    pub(crate) fn give_back(self) {
        if !self.framing.is_over() {
            return;
        }
        match (self.source, self.home) {
            (Source::Half(_, mut pump), _) => pump.over = true,
            (Source::Whole(io), Some(home)) if self.read.is_empty() => home.pool.put(home.authority, Connection { io, read: self.read }),
            (Source::Whole(_), _) => {}
        }
    }

    /// What comes after a 101, and the way there. None when the request is not sent yet.
    pub(crate) fn into_tunnel(self) -> Option<(impl AsyncRead + AsyncWrite + Send, Bytes)> {
        match self.source {
            Source::Whole(io) => Some((io, self.read.freeze())),
            Source::Half(..) => None,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let answer = self.get_mut();
        loop {
            match answer.framing.next(&mut answer.read)? {
                Piece::Data(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Piece::Trailers(fields) => {
                    answer.framing = Framing::Over;
                    return Poll::Ready(Some(Ok(Frame::trailers(fields))));
                }
                Piece::End => {
                    answer.framing = Framing::Over;
                    return Poll::Ready(None);
                }
                Piece::Missing => {
                    let room = answer.framing.room(answer.room);
                    let read = ready!(fill(&mut answer.source, &mut answer.read, room, cx))?;
                    answer.room = if answer.read.len() == answer.read.capacity() { LARGE_ROOM } else { ROOM };
                    if read == 0 {
                        if answer.framing != Framing::Close {
                            return Poll::Ready(Some(Err(Broken::Closed)));
                        }
                        answer.framing = Framing::Over;
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.framing.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Over => SizeHint::with_exact(0),
            Framing::Length { left } => SizeHint::with_exact(left),
            Framing::Chunked(_) | Framing::Close => SizeHint::default(),
        }
    }
}
