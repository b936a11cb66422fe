//! The head of an answer (RFC 9112 §4, §6.3): fields that share the buffer they were read into, how
//! long the body is, and whether the connection is good for another exchange.

use std::{mem::MaybeUninit, ops::Range};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use httparse::{Header, Status};

use crate::{
    header::has_token,
    http1::{self, Framing, Malformed, is_chunked},
    message::Fields,
};

const MOST_FIELDS: usize = 128;
const LARGEST: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) fields: Fields,
    pub(super) framing: Framing,
    /// Whether the service keeps the connection open after the body.
    pub(super) keeps: bool,
}

/// Takes the next final head from what was read; `None` when it is not whole yet. Informational ones
/// are swallowed, but for the 101 that ends all talk in HTTP.
pub(super) fn take(read: &mut BytesMut, method: &Method) -> Result<Option<Head>, Malformed> {
    loop {
        let Some(found) = find(read)? else { return Ok(None) };
        let bytes = read.split_to(found.length).freeze();
        let informational = found.status.is_informational() && found.status != StatusCode::SWITCHING_PROTOCOLS;
        if !informational {
            return found.read(&bytes, method).map(Some);
        }
    }
}

struct Found {
    length: usize,
    status: StatusCode,
    is_http10: bool,
    /// Names, and where their values are.
    fields: Vec<(HeaderName, Range<usize>)>,
}

fn find(read: &[u8]) -> Result<Option<Found>, Malformed> {
    if read.is_empty() {
        return Ok(None);
    }
    let malformed = Malformed("the head of the answer makes no sense");
    let mut places: [MaybeUninit<Header<'_>>; MOST_FIELDS] = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, read, &mut places);
    let length = match status.map_err(|_| malformed)? {
        Status::Complete(length) => length,
        Status::Partial if read.len() < LARGEST => return Ok(None),
        Status::Partial => return Err(Malformed("the head of the answer is too large")),
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(malformed)?;
    let begin = read.as_ptr().addr();
    let mut fields = Vec::with_capacity(parsed.headers.len());
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| malformed)?;
        let at = field.value.as_ptr().addr().wrapping_sub(begin);
        // An empty value may lie anywhere.
        fields.push((name, if field.value.is_empty() { 0..0 } else { at..at + field.value.len() }));
    }
    Ok(Some(Found { length, status, is_http10: parsed.version == Some(0), fields }))
}

impl Found {
    fn read(self, bytes: &Bytes, method: &Method) -> Result<Head, Malformed> {
        let malformed = Malformed("a field of the answer makes no sense");
        let mut fields = Fields::with_capacity(self.fields.len());
        for (name, place) in self.fields {
            let value = bytes.get(place.clone()).map(|_| bytes.slice(place)).ok_or(malformed)?;
            fields.append(name, HeaderValue::from_maybe_shared(value).map_err(|_| malformed)?);
        }
        let (framing, keeps) = frame(method, self.status, self.is_http10, &mut fields)?;
        Ok(Head { status: self.status, fields, framing, keeps })
    }
}

/// RFC 9112 §6.3, §9.3.
fn frame(method: &Method, status: StatusCode, is_http10: bool, fields: &mut Fields) -> Result<(Framing, bool), Malformed> {
    let mut keeps = if fields.contains_key(header::CONNECTION) {
        !has_token(fields, &header::CONNECTION, "close") && (!is_http10 || has_token(fields, &header::CONNECTION, "keep-alive"))
    } else {
        !is_http10
    };
    let declared = length(fields)?;
    let coded = fields.contains_key(header::TRANSFER_ENCODING);
    if coded && !is_chunked(fields) {
        return Err(Malformed("the answer has a transfer coding that nobody asked for"));
    }
    if coded && is_http10 {
        return Err(Malformed("an answer by HTTP/1.0 has a transfer coding"));
    }
    let bodyless = *method == Method::HEAD || matches!(status.as_u16(), 100..=199 | 204 | 304);
    let framing = if bodyless {
        Framing::Over
    } else if coded {
        // Two lengths: who wrote that may mean either.
        keeps &= declared.is_none();
        Framing::CHUNKED
    } else {
        declared.map_or(Framing::Close, Framing::length)
    };
    Ok((framing, keeps && framing != Framing::Close))
}

/// The length that the fields declare; said more than once, the same each time, it stands once after
/// this.
fn length(fields: &mut Fields) -> Result<Option<u64>, Malformed> {
    let malformed = Malformed("the length is no number");
    let mut length = None;
    let mut times = 0;
    for line in fields.get_all(header::CONTENT_LENGTH) {
        for number in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let number = http1::number(number).ok_or(malformed)?;
            if length.replace(number).is_some_and(|before| before != number) {
                return Err(Malformed("there are two lengths"));
            }
            times += 1;
        }
    }
    if let Some(length) = length.filter(|_| times > 1) {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(length)
}
