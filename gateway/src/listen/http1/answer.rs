//! An answer on its way to the client (RFC 9112 §6): its head and what is there of its body go in
//! one piece, the rest as it comes.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, UNIX_EPOCH},
};

use bytes::{Buf as _, Bytes};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, StatusCode, Version, header};
use http_body::{Body as _, Frame};
use tokio::io::AsyncWrite;

use crate::{
    body::{Body, BodyError},
    coarse::about_now,
    header::has_token,
    http1::{self, field},
    message::{Fields, Request, Response},
    tunnel::Tunnel,
};

/// A piece of so many bytes goes with what stands before it; a larger one is not copied.
const SMALL: usize = 8 * 1024;
/// As much is gathered before it is written, where more is there.
const GATHERED: usize = 32 * 1024;

/// What of a request decides how it is answered.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    is_head: bool,
    is_http10: bool,
    takes_trailers: bool,
}

impl Asked {
    pub(super) fn new(request: &Request) -> Self {
        Self {
            is_head: request.method == Method::HEAD,
            is_http10: request.version == Version::HTTP_10,
            takes_trailers: has_token(&request.fields, &header::TE, "trailers"),
        }
    }
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Known {
        left: u64,
    },
    Chunks,
    /// By the end of the connection.
    Close,
}

pub(super) struct Writing {
    /// Until it is at its end.
    body: Option<Body>,
    /// What follows `out`.
    data: Bytes,
    length: Length,
    takes_trailers: bool,
    broken: bool,
    tunnel: Option<Box<Tunnel>>,
}

/// How an answer ended.
pub(super) enum Written {
    Whole,
    /// Something is missing, and the client can see that.
    Broken,
    /// The same, but for its end the answer looks whole.
    Hidden,
    Tunnel(Box<Tunnel>),
}

impl Writing {
    /// Writes the head. Takes back `keeps` where the connection ends with the answer.
    pub(super) fn begin(out: &mut Vec<u8>, response: Response, asked: Asked, keeps: &mut bool) -> Self {
        let Response { status, fields, mut body } = response;
        let tunnel = body.take_tunnel();
        *keeps &= tunnel.is_none() && !has_token(&fields, &header::CONNECTION, "close");

        let declared = fields.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let exact = body.size_hint().exact();
        let bodyless = asked.is_head || status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let length = match (declared, exact) {
            _ if bodyless || body.is_end_stream() => Length::Known { left: 0 },
            (Some(left), _) | (None, Some(left)) => Length::Known { left },
            _ if asked.is_http10 => Length::Close,
            _ => Length::Chunks,
        };
        *keeps &= length != Length::Close;

        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(status.as_str().as_bytes());
        out.extend_from_slice(b" ");
        out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        out.extend_from_slice(b"\r\n");
        lines(out, &fields);
        let told = match length {
            _ if status.is_informational() || status == StatusCode::NO_CONTENT => None,
            _ if status == StatusCode::NOT_MODIFIED => declared,
            _ if asked.is_head => declared.or(exact.filter(|length| *length > 0)),
            Length::Known { left } => Some(left),
            Length::Chunks | Length::Close => None,
        };
        if let Some(length) = told {
            field(out, "content-length", itoa::Buffer::new().format(length).as_bytes());
        }
        if length == Length::Chunks {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        if tunnel.is_some() {
            out.extend_from_slice(b"connection: upgrade\r\n");
        } else if !*keeps {
            out.extend_from_slice(b"connection: close\r\n");
        } else if asked.is_http10 {
            out.extend_from_slice(b"connection: keep-alive\r\n");
        }
        out.extend_from_slice(b"\r\n");
        let body = Some(body).filter(|_| length != Length::Known { left: 0 });
        Self { body, data: Bytes::new(), length, takes_trailers: asked.takes_trailers, broken: false, tunnel }
    }

    pub(super) fn poll(
        &mut self,
        io: &mut (impl AsyncWrite + Unpin),
        out: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Written>> {
        loop {
            let waits = self.gather(out, cx);
            if !out.is_empty() || self.data.has_remaining() {
                // The system takes one piece sooner than a list of one.
                let io = Pin::new(&mut *io);
                let written = ready!(if self.data.is_empty() {
                    io.poll_write(cx, out)
                } else if out.is_empty() {
                    io.poll_write(cx, &self.data)
                } else {
                    io.poll_write_vectored(cx, &[IoSlice::new(out), IoSlice::new(&self.data)])
                })?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                let first = written.min(out.len());
                out.drain(..first);
                self.data.advance(written - first);
                if self.length == Length::Chunks && written > first && self.data.is_empty() {
                    out.extend_from_slice(b"\r\n");
                }
                continue;
            }
            ready!(Pin::new(&mut *io).poll_flush(cx))?;
            if waits {
                return Poll::Pending;
            }
            return Poll::Ready(Ok(match self.tunnel.take() {
                Some(tunnel) => Written::Tunnel(tunnel),
                None if self.broken && self.length == Length::Close => Written::Hidden,
                None if self.broken => Written::Broken,
                None => Written::Whole,
            }));
        }
    }

    /// Takes what is there of the body; tells whether to wait for more.
    fn gather(&mut self, out: &mut Vec<u8>, cx: &mut Context<'_>) -> bool {
        while self.data.is_empty() && out.len() < GATHERED {
            let Some(body) = &mut self.body else { return false };
            let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else { return true };
            let over = body.is_end_stream();
            self.add(out, frame);
            let over = over || self.length == Length::Known { left: 0 };
            // What ends a body in chunks comes after its last piece.
            if over && (self.data.is_empty() || self.length != Length::Chunks) {
                self.end(out, None);
            }
        }
        false
    }

    fn add(&mut self, out: &mut Vec<u8>, frame: Option<Result<Frame<Bytes>, BodyError>>) {
        let data = match frame {
            None => return self.end(out, None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(frame) => return self.end(out, frame.trailers_ref()),
            },
            Some(Err(error)) => {
                tracing::debug!(%error, "an answer broke off");
                return self.breaks();
            }
        };
        match &mut self.length {
            Length::Known { left } => match left.checked_sub(data.len() as u64) {
                Some(rest) => *left = rest,
                None => return self.breaks(),
            },
            Length::Chunks if data.is_empty() => return,
            Length::Chunks => http1::chunk(out, data.len()),
            Length::Close => {}
        }
        if data.len() > SMALL {
            self.data = data;
            return;
        }
        out.extend_from_slice(&data);
        if self.length == Length::Chunks {
            out.extend_from_slice(b"\r\n");
        }
    }

    fn breaks(&mut self) {
        self.body = None;
        self.broken = true;
    }

    /// Lets go of the body, and writes its end.
    fn end(&mut self, out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
        if self.body.take().is_none() {
            return;
        }
        match self.length {
            Length::Known { left: 0 } | Length::Close => {}
            Length::Known { .. } => self.broken = true,
            Length::Chunks => http1::last_chunk(out, trailers.filter(|_| self.takes_trailers)),
        }
    }
}

/// The fields that are the answer's own; what frames it is decided here.
fn lines(out: &mut Vec<u8>, fields: &Fields) {
    let mut has_date = false;
    for (name, value) in fields.iter() {
        if [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(name) {
            continue;
        }
        has_date |= *name == header::DATE;
        field(out, name.as_str(), value.as_bytes());
    }
    if !has_date {
        date(|text| field(out, "date", text));
    }
}

/// The time of day (RFC 9110 §5.6.7), written once a second.
fn date(tell: impl FnOnce(&[u8])) {
    thread_local! {
        static WRITTEN: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = about_now().as_secs();
    WRITTEN.with_borrow_mut(|(second, text)| {
        if *second != now {
            *second = now;
            let now = DateTime::<Utc>::from(UNIX_EPOCH + Duration::from_secs(now));
            *text = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        }
        tell(text.as_bytes());
    });
}
