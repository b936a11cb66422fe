//! The head of a request (RFC 9112 §3, §5, §6.3): fields that share the buffer they were read into,
//! how long the body is, and whether the client keeps the connection. What two programs could read
//! differently is refused here, for both planes.

use std::{mem::MaybeUninit, ops::Range};

use bytes::BytesMut;
use http::{HeaderName, HeaderValue, Method, Uri, Version, header};
use httparse::{Header, Status};

use crate::{
    framing::MOST_FIELDS,
    header::{has_token, single},
    http1::{Framing, is_chunked, number},
    message::{Request, USUAL},
    problem::{Code, Problem},
};

/// More than `framing.rs` lets pass, and little enough to wait for.
const LARGEST: usize = 128 * 1024;

/// What of a head is not in its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) framing: Framing,
    /// Whether the client waits for word before it sends the body.
    pub(crate) expects: bool,
    /// Whether the client may send another request.
    pub(crate) keeps: bool,
}

/// What has been read and may become a head.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) bytes: BytesMut,
    /// So many bytes are known to have no end of a head in them.
    seen: usize,
    /// Names, and where their values are; of one head at a time.
    places: Vec<(HeaderName, Range<usize>)>,
}

impl Reading {
    /// Takes the next head into `request`, which is empty; `None` when it is not whole yet.
    pub(crate) fn take(&mut self, request: &mut Request) -> Result<Option<Frame>, Problem> {
        if self.bytes.is_empty() || (self.seen > 0 && !self.may_have_ended()) {
            return self.partial();
        }
        self.places.clear();
        let Some(found) = find(&self.bytes, &mut self.places)? else { return self.partial() };
        self.seen = 0;
        let bytes = self.bytes.split_to(found.length).freeze();
        let slice = |place: Range<usize>| bytes.get(place.clone()).map(|_| bytes.slice(place)).unwrap_or_default();
        for (name, place) in self.places.drain(..) {
            let value = HeaderValue::from_maybe_shared(slice(place)).map_err(|_| Problem::malformed("A field has odd bytes."))?;
            request.fields.append(name, value);
        }
        self.places.shrink_to(USUAL);
        if found.target.len() >= usize::from(u16::MAX) {
            return Err(Code::UriTooLong.into());
        }
        request.uri =
            Uri::from_maybe_shared(slice(found.target)).map_err(|_| Problem::malformed("The target of the request is no address."))?;
        (request.method, request.version, request.may_upgrade) = (found.method, found.version, true);
        frame(request).map(Some)
    }

    /// Looks at what is new only: a head that comes byte by byte is not read from its begin each time.
    fn may_have_ended(&self) -> bool {
        let new = self.bytes.get(self.seen.saturating_sub(3)..).unwrap_or_default();
        new.windows(2).any(|two| two == b"\n\n") || new.windows(3).any(|three| three == b"\n\r\n")
    }

    fn partial(&mut self) -> Result<Option<Frame>, Problem> {
        self.seen = self.bytes.len();
        if self.seen < LARGEST {
            return Ok(None);
        }
        let in_target = self.bytes.contains(&b' ') && !self.bytes.contains(&b'\n');
        Err(if in_target { Code::UriTooLong } else { Code::HeadersTooLarge }.into())
    }
}

struct Found {
    length: usize,
    method: Method,
    target: Range<usize>,
    version: Version,
}

fn find(read: &[u8], places: &mut Vec<(HeaderName, Range<usize>)>) -> Result<Option<Found>, Problem> {
    let mut lines: [MaybeUninit<Header<'_>>; MOST_FIELDS] = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let length = match parsed.parse_with_uninit_headers(read, &mut lines) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Code::HeadersTooLarge.into()),
        Err(error) => return Err(Problem::malformed(format!("The head of the request makes no sense: {error}."))),
    };
    let unreadable = || Problem::malformed("The head of the request makes no sense.");
    let begin = read.as_ptr().addr();
    let place = |part: &[u8]| {
        let at = part.as_ptr().addr().wrapping_sub(begin);
        // What is empty may lie anywhere.
        if part.is_empty() { 0..0 } else { at..at + part.len() }
    };
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| unreadable())?;
        places.push((name, place(field.value)));
    }
    let method = parsed.method.and_then(|method| Method::from_bytes(method.as_bytes()).ok()).ok_or_else(unreadable)?;
    let target = parsed.path.map(|path| place(path.as_bytes())).ok_or_else(unreadable)?;
    let version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    Ok(Some(Found { length, method, target, version }))
}

/// RFC 9112 §6.3, §9.3.
fn frame(request: &mut Request) -> Result<Frame, Problem> {
    let Request { fields, version, .. } = request;
    let is_current = *version == Version::HTTP_11;
    let mut keeps = is_current;
    if fields.contains_key(header::CONNECTION) {
        keeps = !has_token(fields, &header::CONNECTION, "close") && (keeps || has_token(fields, &header::CONNECTION, "keep-alive"));
    }
    let refused = || Problem::malformed("Content-Length must be one number.");
    let line = single(fields, &header::CONTENT_LENGTH).map_err(|()| refused())?;
    let declared = line.map(|line| number(line.as_bytes()).ok_or_else(refused)).transpose()?;
    let mut framing = Framing::length(declared.unwrap_or(0));
    if fields.contains_key(header::TRANSFER_ENCODING) {
        if !is_current || !is_chunked(fields) {
            return Err(Problem::malformed("Transfer-Encoding must be one chunked."));
        }
        // The chunks decide; who wrote two lengths may mean either.
        fields.remove(header::CONTENT_LENGTH);
        keeps &= declared.is_none();
        framing = Framing::CHUNKED;
    }
    let expects = is_current
        && framing != Framing::Over
        && fields.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    Ok(Frame { framing, expects, keeps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8], piece: usize) -> Result<Option<(Request, Frame, usize)>, Problem> {
        let (mut reading, mut request) = (Reading::default(), Request::default());
        let mut fed = 0;
        for more in data.chunks(piece) {
            reading.bytes.extend_from_slice(more);
            fed += more.len();
            if let Some(frame) = reading.take(&mut request)? {
                return Ok(Some((request, frame, fed - reading.bytes.len())));
            }
        }
        Ok(None)
    }

    #[test]
    fn a_head_means_the_same_however_it_is_cut() {
        for end in ["\r\n", "\n"] {
            let lines = ["\r\nPOST /a?b HTTP/1.1", "Host: h", "Content-Length: 3", "X-Empty:", "", "abc"];
            let data = lines.join(end);
            for piece in 1..data.len() {
                let (request, frame, length) = read(data.as_bytes(), piece).unwrap().unwrap();
                assert_eq!(length, data.len() - 3);
                assert_eq!(request.uri, "/a?b");
                assert_eq!(frame.framing, Framing::Length { left: 3 });
                assert_eq!(request.fields.get(HeaderName::from_static("x-empty")).unwrap(), "");
                assert!(frame.keeps && !frame.expects);
            }
        }
    }

    #[test]
    fn a_head_without_end_is_not_waited_for() {
        for (begin, code) in [("GET /", Code::UriTooLong), ("GET / HTTP/1.1\r\nA: ", Code::HeadersTooLarge)] {
            let data = format!("{begin}{}", "x".repeat(LARGEST));
            assert_eq!(read(data.as_bytes(), 1_000).err().map(|problem| problem.code), Some(code));
        }
    }
}
