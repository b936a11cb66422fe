//! The body of a request: the connection reads a piece when whoever has the body asks for it, from
//! whichever thread that is, and before the first asks for it where the client waits for word.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    body::BodyError,
    http1::{Framing, LARGE_ROOM, Malformed, Piece, ROOM, fill, write_out},
};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the client left")]
    Left,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What the two ends say to each other.
#[derive(Default)]
struct State {
    piece: Option<Frame<Bytes>>,
    wanted: bool,
    /// No other piece comes, and whether the body is whole.
    end: Option<Result<(), Broken>>,
    /// Nobody has the body any more.
    gone: bool,
    reader: Option<Waker>,
    source: Option<Waker>,
}

#[derive(Default)]
struct Shared(Mutex<State>);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body on its way, for whoever reads it.
pub(crate) struct Incoming {
    shared: Arc<Shared>,
    /// Bytes that are to come, where they are known.
    left: Option<u64>,
    over: bool,
}

/// The connection's end of it.
pub(super) struct Source {
    shared: Arc<Shared>,
    framing: Framing,
    /// Whether the client waits for word.
    expects: bool,
    room: usize,
    broken: bool,
}

/// Why nothing more is read for a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// Nobody has it any more; the rest is unread.
    Abandoned,
    /// The client left, or what it sends makes no sense.
    Broken,
}

pub(super) fn pair(framing: Framing, expects: bool) -> (Incoming, Source) {
    let shared = Arc::new(Shared::default());
    let left = if let Framing::Length { left } = framing { Some(left) } else { None };
    (Incoming { shared: Arc::clone(&shared), left, over: false }, Source { shared, framing, expects, room: ROOM, broken: false })
}

impl Source {
    /// Reads for as long as pieces are asked for.
    pub(super) fn poll(
        &mut self,
        io: &mut (impl AsyncRead + AsyncWrite + Unpin),
        read: &mut BytesMut,
        out: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<End> {
        loop {
            {
                let mut state = self.shared.state();
                if state.gone {
                    return Poll::Ready(End::Abandoned);
                }
                if state.piece.is_some() || !state.wanted {
                    state.source = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            if let Some(end) = self.take(read) {
                return Poll::Ready(end);
            }
            if self.shared.state().piece.is_some() {
                continue;
            }
            if self.expects {
                self.expects = false;
                out.extend_from_slice(CONTINUE);
            }
            let told = ready!(write_out(io, out, cx)).is_ok() && ready!(Pin::new(&mut *io).poll_flush(cx)).is_ok();
            if !told {
                return Poll::Ready(self.breaks(Broken::Left));
            }
            match ready!(fill(io, read, self.framing.room(self.room), cx)) {
                Ok(0) => return Poll::Ready(self.breaks(Broken::Left)),
                Ok(_) => self.room = if read.len() == read.capacity() { LARGE_ROOM } else { ROOM },
                Err(error) => return Poll::Ready(self.breaks(Broken::Io(error))),
            }
        }
    }

    /// Hands over the next piece of what was read, where one is there.
    pub(super) fn take(&mut self, read: &mut BytesMut) -> Option<End> {
        let piece = match self.framing.next(read) {
            Ok(Piece::Missing) => return None,
            Ok(Piece::Data(data)) => Some(Frame::data(data)),
            Ok(Piece::Trailers(fields)) => {
                self.framing = Framing::Over;
                Some(Frame::trailers(fields))
            }
            Ok(Piece::End) => {
                self.framing = Framing::Over;
                None
            }
            Err(malformed) => return Some(self.breaks(malformed.into())),
        };
        let over = self.framing.is_over();
        self.tell(|state| {
            state.piece = piece;
            state.end = over.then_some(Ok(()));
        });
        over.then_some(End::Whole)
    }

    /// The answer has begun: it is too late for a word.
    pub(super) fn answered(&mut self) {
        self.expects = false;
    }

    /// Nobody has the body: whether its rest is there already and is gone now.
    pub(super) fn skip(&mut self, read: &mut BytesMut) -> bool {
        while !self.broken {
            match self.framing.next(read) {
                Ok(Piece::End | Piece::Trailers(_)) => return true,
                Ok(Piece::Data(_)) => {}
                Ok(Piece::Missing) | Err(_) => break,
            }
        }
        false
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.shared.state().gone
    }

    fn breaks(&mut self, why: Broken) -> End {
        self.broken = true;
        self.tell(|state| state.end = Some(Err(why)));
        End::Broken
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.shared.state();
        change(&mut state);
        state.wanted = false;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if !self.framing.is_over() {
            self.tell(|state| {
                state.end.get_or_insert(Err(Broken::Left));
            });
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.get_mut();
        if body.is_end_stream() {
            return Poll::Ready(None);
        }
        let mut state = body.shared.state();
        let Some(piece) = state.piece.take() else {
            if let Some(end) = state.end.take() {
                body.over = true;
                return Poll::Ready(end.err().map(|broken| Err(broken.into())));
            }
            state.wanted = true;
            state.reader = Some(cx.waker().clone());
            let source = state.source.take();
            drop(state);
            if let Some(source) = source {
                source.wake();
            }
            return Poll::Pending;
        };
        drop(state);
        match piece.data_ref() {
            Some(data) => body.left = body.left.map(|left| left.saturating_sub(data.len() as u64)),
            None => body.over = true,
        }
        Poll::Ready(Some(Ok(piece)))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.gone = true;
        let source = state.source.take();
        drop(state);
        if let Some(source) = source {
            source.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// RFC 9112 §8: what was cut must not look whole, whenever it is read.
    #[tokio::test]
    async fn a_body_whose_connection_ends_breaks_off_behind_its_last_piece() {
        for framing in [Framing::CHUNKED, Framing::length(5)] {
            let (mut body, mut source) = pair(framing, false);
            let read = if framing == Framing::CHUNKED { "2\r\nhi\r\n" } else { "hi" };
            assert_eq!(source.take(&mut BytesMut::from(read)), None);
            drop(source);
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hi");
            assert!(body.frame().await.unwrap().is_err(), "{framing:?}");
        }
    }
}
