//! The head of a request (RFC 9112 §3, §5, §6.3): fields that share the buffer they were read into,
//! how long the body is, and whether the client keeps the connection. What two programs could read
//! differently is refused here, for both planes.

use std::{mem::MaybeUninit, ops::Range};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Uri, Version, header};
use httparse::{Header, Status};

use crate::{
    framing::MOST_FIELDS,
    header::has_token,
    http1::{Framing, Malformed, is_chunked, length},
    message::{Fields, Request},
    problem::{Code, Problem},
};

/// More than `framing.rs` lets pass, and little enough to wait for.
const LARGEST: usize = 128 * 1024;

pub(crate) struct Head {
    pub(crate) request: Request,
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
}

impl Reading {
    /// Takes the next head; `None` when it is not whole yet.
    pub(crate) fn take(&mut self) -> Result<Option<Head>, Problem> {
        if self.bytes.is_empty() || (self.seen > 0 && !self.may_have_ended()) {
            return self.partial();
        }
        let Some(found) = find(&self.bytes)? else { return self.partial() };
        self.seen = 0;
        let bytes = self.bytes.split_to(found.length).freeze();
        found.read(&bytes).map(Some)
    }

    /// Looks at what is new only: a head that comes byte by byte is not read from its begin each time.
    fn may_have_ended(&self) -> bool {
        let new = self.bytes.get(self.seen.saturating_sub(3)..).unwrap_or_default();
        new.windows(2).any(|two| two == b"\n\n") || new.windows(3).any(|three| three == b"\n\r\n")
    }

    fn partial(&mut self) -> Result<Option<Head>, Problem> {
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
    /// Names, and where their values are.
    fields: Vec<(HeaderName, Range<usize>)>,
}

fn find(read: &[u8]) -> Result<Option<Found>, Problem> {
    let mut places: [MaybeUninit<Header<'_>>; MOST_FIELDS] = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let length = match parsed.parse_with_uninit_headers(read, &mut places) {
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
    let mut fields = Vec::with_capacity(parsed.headers.len());
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| unreadable())?;
        fields.push((name, place(field.value)));
    }
    let method = parsed.method.and_then(|method| Method::from_bytes(method.as_bytes()).ok()).ok_or_else(unreadable)?;
    let target = parsed.path.map(|path| place(path.as_bytes())).ok_or_else(unreadable)?;
    let version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    Ok(Some(Found { length, method, target, version, fields }))
}

impl Found {
    fn read(self, bytes: &Bytes) -> Result<Head, Problem> {
        let slice = |place: Range<usize>| bytes.get(place.clone()).map(|_| bytes.slice(place)).unwrap_or_default();
        let mut fields = Fields::with_capacity(self.fields.len());
        for (name, place) in self.fields {
            let value = HeaderValue::from_maybe_shared(slice(place)).map_err(|_| Problem::malformed("A field has odd bytes."))?;
            fields.append(name, value);
        }
        let target = slice(self.target);
        if target.len() >= usize::from(u16::MAX) {
            return Err(Code::UriTooLong.into());
        }
        let uri = Uri::from_maybe_shared(target).map_err(|_| Problem::malformed("The target of the request is no address."))?;
        let (framing, keeps) = frame(self.version, &mut fields)?;
        let expects = self.version == Version::HTTP_11
            && framing != Framing::Over
            && fields.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let request = Request { method: self.method, uri, version: self.version, fields, may_upgrade: true };
        Ok(Head { request, framing, expects, keeps })
    }
}

fn frame(version: Version, fields: &mut Fields) -> Result<(Framing, bool), Problem> {
    let mut keeps = version == Version::HTTP_11;
    if fields.contains_key(header::CONNECTION) {
        keeps = !has_token(fields, &header::CONNECTION, "close") && (keeps || has_token(fields, &header::CONNECTION, "keep-alive"));
    }
    let declared = length(fields).map_err(|Malformed(why)| Problem::malformed(format!("Content-Length makes no sense: {why}.")))?;
    if !fields.contains_key(header::TRANSFER_ENCODING) {
        return Ok((Framing::length(declared.unwrap_or(0)), keeps));
    }
    if version != Version::HTTP_11 || !is_chunked(fields) {
        return Err(Problem::malformed("Transfer-Encoding must be one chunked."));
    }
    // The chunks decide; who wrote two lengths may mean either.
    fields.remove(header::CONTENT_LENGTH);
    Ok((Framing::CHUNKED, keeps && declared.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8], piece: usize) -> Result<Option<(Head, usize)>, Problem> {
        let mut reading = Reading::default();
        let mut fed = 0;
        for more in data.chunks(piece) {
            reading.bytes.extend_from_slice(more);
            fed += more.len();
            if let Some(head) = reading.take()? {
                return Ok(Some((head, fed - reading.bytes.len())));
            }
        }
        Ok(None)
    }

    #[test]
    fn a_head_means_the_same_however_it_is_cut() {
        for end in ["\r\n", "\n"] {
            let lines = ["\r\nPOST /a?b HTTP/1.1", "Host: h", "Content-Length: 3, 3", "X-Empty:", "", "abc"];
            let data = lines.join(end);
            for piece in 1..data.len() {
                let (head, length) = read(data.as_bytes(), piece).unwrap().unwrap();
                assert_eq!(length, data.len() - 3);
                assert_eq!(head.request.uri, "/a?b");
                assert_eq!(head.framing, Framing::Length { left: 3 });
                assert_eq!(head.request.fields.get(HeaderName::from_static("x-empty")).unwrap(), "");
                assert!(head.keeps && !head.expects);
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
