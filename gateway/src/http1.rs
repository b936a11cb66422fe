//! What both sides of the gateway share of HTTP/1.1 (RFC 9112): where a body ends, and what is read
//! and written for it.

mod chunks;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::io::poll_read_buf;

use self::chunks::Chunks;
use crate::message::Fields;

/// Room for a head and a small body.
pub(crate) const ROOM: usize = 8 * 1024;
/// Room for a piece of a large one.
pub(crate) const LARGE_ROOM: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    /// The next piece is not there yet.
    Missing,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Over,
    Length {
        left: u64,
    },
    Chunked(Chunks),
    /// With the connection.
    Close,
}

impl Framing {
    pub(crate) const CHUNKED: Self = Self::Chunked(Chunks::Size);

    pub(crate) fn length(length: u64) -> Self {
        if length == 0 { Self::Over } else { Self::Length { left: length } }
    }

    /// Takes the next piece of the body from what was read.
    pub(crate) fn next(&mut self, read: &mut BytesMut) -> Result<Piece, Malformed> {
        Ok(match self {
            Self::Over | Self::Length { left: 0 } => Piece::End,
            Self::Length { left } => chunks::take(read, left).map_or(Piece::Missing, Piece::Data),
            Self::Close if read.is_empty() => Piece::Missing,
            Self::Close => Piece::Data(read.split().freeze()),
            Self::Chunked(chunks) => chunks.next(read)?,
        })
    }

    /// Whether the body is over, when its last piece may have been taken.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::Length { left: 0 })
    }

    /// Room for the next piece: what is long is read in large pieces; `otherwise` where nobody knows.
    pub(crate) fn room(&self, otherwise: usize) -> usize {
        match self {
            Self::Length { left } => usize::try_from(*left).unwrap_or(usize::MAX).clamp(ROOM, LARGE_ROOM),
            _ => otherwise,
        }
    }
}

/// A length as it is written.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

/// Whether the transfer coding is the one that both sides know.
pub(crate) fn is_chunked(fields: &Fields) -> bool {
    let mut lines = fields.get_all(header::TRANSFER_ENCODING);
    let first = lines.next().map(HeaderValue::as_bytes).unwrap_or_default();
    lines.next().is_none() && first.trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Writes a line of a head.
pub(crate) fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes the line before a chunk of so many bytes.
pub(crate) fn chunk(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(format!("{length:x}\r\n").as_bytes());
}

/// Writes what comes after the last chunk.
pub(crate) fn last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flatten() {
        field(out, name.as_str(), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes all that is to be written.
pub(crate) fn write_out(io: &mut (impl AsyncWrite + Unpin), out: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    while !out.is_empty() {
        let written = ready!(Pin::new(&mut *io).poll_write(cx, out))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        out.drain(..written);
    }
    Poll::Ready(Ok(()))
}

/// Reads on; there is room for half of `room` at least.
pub(crate) fn fill(io: &mut (impl AsyncRead + Unpin), read: &mut BytesMut, room: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    if read.capacity() - read.len() < room / 2 {
        read.reserve(room);
    }
    poll_read_buf(Pin::new(io), cx, read)
}
