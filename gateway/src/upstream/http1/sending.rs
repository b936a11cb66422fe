//! A request on its way out: the head is written by us, the body follows as it comes.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::HeaderMap;
use http_body::{Body as _, Frame};
use tokio::io::AsyncWrite;

use super::Broken;
use crate::{
    http1::{self, write_out},
    upload::Upload,
};

/// As much is gathered before it is written, where more is there.
const GATHERED: usize = 32 * 1024;

pub(super) struct Sending {
    /// What is to be written next.
    pub(super) out: Vec<u8>,
    /// None when it has come to its end.
    pub(super) upload: Option<Upload>,
    pub(super) chunked: bool,
    /// Whether the body was looked at: it cannot be sent elsewhere then.
    pub(super) touched: bool,
    /// Whether the service may have seen anything.
    pub(super) began: bool,
}

impl Sending {
    pub(super) fn poll(&mut self, io: &mut (impl AsyncWrite + Unpin), cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        loop {
            let more = self.gather(cx)?;
            if !self.out.is_empty() {
                let before = self.out.len();
                let written = write_out(io, &mut self.out, cx);
                self.began |= self.out.len() < before;
                ready!(written)?;
            }
            match more {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Pin::new(io).poll_flush(cx).map_err(Into::into),
                Poll::Pending => {
                    ready!(Pin::new(io).poll_flush(cx))?;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes what is there of the body; tells whether there is more.
    fn gather(&mut self, cx: &mut Context<'_>) -> Result<Poll<bool>, Broken> {
        while let Some(upload) = &mut self.upload {
            if self.out.len() >= GATHERED {
                return Ok(Poll::Ready(true));
            }
            self.touched = true;
            let Poll::Ready(frame) = Pin::new(&mut *upload).poll_frame(cx) else { return Ok(Poll::Pending) };
            let over = !self.chunked && upload.is_end_stream();
            match frame.transpose().map_err(|_| Broken::Upload)?.map(Frame::into_data) {
                Some(Ok(data)) => {
                    self.add(&data);
                    if over {
                        self.upload = None;
                    }
                }
                Some(Err(frame)) => self.end(frame.trailers_ref()),
                None => self.end(None),
            }
        }
        Ok(Poll::Ready(false))
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) {
        self.upload = None;
        if !self.chunked {
            return;
        }
        http1::last_chunk(&mut self.out, trailers);
    }

    fn add(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        if !self.chunked {
            self.out.extend_from_slice(data);
            return;
        }
        http1::chunk(&mut self.out, data.len());
        self.out.extend_from_slice(data);
        self.out.extend_from_slice(b"\r\n");
    }
}
