//! The chunked transfer coding (RFC 9112 §7.1), read strictly: what two programs could read
//! differently is refused.

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::Status;

use super::{Malformed, Piece};

/// The longest line before a chunk, with its extensions.
const LONGEST_LINE: usize = 4 * 1024;
const LARGEST_TRAILERS: usize = 16 * 1024;
const MOST_TRAILERS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    Size,
    Data { left: u64 },
    EndOfData,
    Trailers,
}

impl Chunks {
    /// Takes the next piece from what was read.
    pub(super) fn next(&mut self, read: &mut BytesMut) -> Result<Piece, Malformed> {
        loop {
            match self {
                Self::Size => {
                    let Some(length) = line(read)? else { return Ok(Piece::Missing) };
                    let size = size(read.get(..length).unwrap_or_default())?;
                    read.advance(length + 2);
                    *self = if size == 0 { Self::Trailers } else { Self::Data { left: size } };
                }
                Self::Data { left } => {
                    let Some(data) = take(read, left) else { return Ok(Piece::Missing) };
                    if *left == 0 {
                        *self = Self::EndOfData;
                    }
                    return Ok(Piece::Data(data));
                }
                Self::EndOfData => match read.get(..2) {
                    Some(b"\r\n") => {
                        read.advance(2);
                        *self = Self::Size;
                    }
                    Some(_) => return Err(Malformed("a chunk is longer than it said")),
                    None => return Ok(Piece::Missing),
                },
                Self::Trailers => return trailers(read),
            }
        }
    }
}

/// As much as is there of what is left.
pub(super) fn take(read: &mut BytesMut, left: &mut u64) -> Option<Bytes> {
    let length = usize::try_from(*left).map_or(read.len(), |left| left.min(read.len()));
    if length == 0 {
        return None;
    }
    *left -= length as u64;
    Some(read.split_to(length).freeze())
}

/// How long the line is that begins here, without its end.
fn line(read: &BytesMut) -> Result<Option<usize>, Malformed> {
    let Some(end) = read.iter().take(LONGEST_LINE).position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return if read.len() < LONGEST_LINE { Ok(None) } else { Err(Malformed("the line before a chunk is too long")) };
    };
    match (read.get(end), read.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => Ok(Some(end)),
        (Some(b'\r'), None) => Ok(None),
        _ => Err(Malformed("the line before a chunk ends in a bare CR or LF")),
    }
}

/// `1*HEXDIG`, and extensions, which say nothing to us.
fn size(line: &[u8]) -> Result<u64, Malformed> {
    let malformed = Malformed("the size of a chunk is no number");
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (number, rest) = line.split_at_checked(digits).ok_or(malformed)?;
    let rest = rest.trim_ascii_start();
    if !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(malformed);
    }
    let number = std::str::from_utf8(number).map_err(|_| malformed)?;
    u64::from_str_radix(number, 16).map_err(|_| malformed)
}

fn trailers(read: &mut BytesMut) -> Result<Piece, Malformed> {
    if read.starts_with(b"\r\n") {
        read.advance(2);
        return Ok(Piece::End);
    }
    let malformed = Malformed("the trailers make no sense");
    let mut places = [httparse::EMPTY_HEADER; MOST_TRAILERS];
    let mut fields = HeaderMap::new();
    let length = match httparse::parse_headers(read, &mut places) {
        Ok(Status::Complete((length, found))) => {
            for field in found {
                let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| malformed)?;
                fields.append(name, HeaderValue::from_bytes(field.value).map_err(|_| malformed)?);
            }
            length
        }
        Ok(Status::Partial) if read.len() < LARGEST_TRAILERS => return Ok(Piece::Missing),
        _ => return Err(malformed),
    };
    read.advance(length);
    Ok(Piece::Trailers(fields))
}
