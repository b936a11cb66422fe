//! A client's connection up to its first request: TLS where it is configured, and which version
//! of HTTP it speaks — by ALPN, or by the first bytes in the clear (RFC 9113 §3.3, §3.4).

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

use crate::tls::HTTP2;

/// What no request of HTTP/1.1 begins with, and every connection of HTTP/2 does.
const PREFACE: &[u8; 4] = b"PRI ";

const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 32\r\nConnection: close\r\n\r\n\
    This port speaks https, not http";

/// Of a client that is refused.
const LEFT_UNREAD: u64 = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// One connection in either dress; a client that takes nothing for too long is given up.
pub(super) struct Wire {
    /// What was read in order to know the protocol.
    early: Bytes,
    transport: Transport,
    write_idle: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    fn new(transport: Transport, early: Bytes, write_idle: Duration) -> Self {
        Self { early, transport, write_idle, stalled: None }
    }

    /// A connection in the clear.
    pub(super) async fn plain(mut stream: TcpStream, write_idle: Duration) -> io::Result<(Self, Protocol)> {
        let mut seen = [0; PREFACE.len()];
        let length = stream.peek(&mut seen).await?;
        let begins = seen.get(..length).is_some_and(|seen| length > 0 && PREFACE.starts_with(seen));
        let (early, protocol) = match (begins, length == PREFACE.len()) {
            (false, _) => (Bytes::new(), Protocol::Http1),
            (true, true) => (Bytes::new(), Protocol::Http2),
            (true, false) => dribbled(&mut stream).await?,
        };
        Ok((Self::new(Transport::Plain(stream), early, write_idle), protocol))
    }

    pub(super) async fn tls(stream: TcpStream, config: Arc<ServerConfig>, write_idle: Duration) -> io::Result<(Self, Protocol)> {
        let mut first = [0];
        if stream.peek(&mut first).await? > 0 && first.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(refuse_clear_text(stream).await);
        }
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let protocol = if stream.get_ref().1.alpn_protocol() == Some(HTTP2) { Protocol::Http2 } else { Protocol::Http1 };
        Ok((Self::new(Transport::Tls(Box::new(stream)), Bytes::new(), write_idle), protocol))
    }

    /// Has the connection end in a reset, which no client takes for an end.
    pub(super) fn reset(&self) {
        let stream = match &self.transport {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.get_ref().0,
        };
        if let Err(error) = SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "a broken answer may look whole");
        }
    }

    /// Gives the writer up when it has waited for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let idle = self.write_idle;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

/// The first bytes came in pieces: they are read one by one, for as long as they could still be
/// the preface.
async fn dribbled(stream: &mut TcpStream) -> io::Result<(Bytes, Protocol)> {
    let mut read = Vec::with_capacity(PREFACE.len());
    while read.len() < PREFACE.len() {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok((read.into(), Protocol::Http1));
        }
        read.extend(byte);
        if !PREFACE.starts_with(&read) {
            return Ok((read.into(), Protocol::Http1));
        }
    }
    Ok((read.into(), Protocol::Http2))
}

/// Says what is wrong, and reads on for a little: closing on unread bytes would take the answer back.
async fn refuse_clear_text(mut stream: TcpStream) -> io::Error {
    let said = async {
        stream.write_all(NOT_TLS).await?;
        stream.shutdown().await?;
        let mut unread = stream.take(LEFT_UNREAD);
        tokio::io::copy(&mut unread, &mut tokio::io::sink()).await
    };
    said.await.err().unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS"))
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if !wire.early.is_empty() {
            let length = wire.early.len().min(buffer.remaining());
            buffer.put_slice(&wire.early.split_to(length));
            return Poll::Ready(Ok(()));
        }
        match &mut wire.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let outcome = match &mut wire.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Transport::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        };
        wire.watch(cx, outcome)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let outcome = match &mut wire.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, data),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, data),
        };
        wire.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        match &mut wire.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Tls(stream) => {
                let outcome = Pin::new(stream).poll_flush(cx);
                wire.watch(cx, outcome)
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
