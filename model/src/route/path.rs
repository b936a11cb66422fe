//! The check that every forwarded path passes first.
//!
//! Programs behind a gateway differ in how often they decode, whether they merge slashes, treat
//! `\` as `/` or cut `;parameters` off. Whatever one of them could read as a dot segment, as the
//! reserved `.mintreu` or as a separator is refused, so that none can be talked past the
//! allow-list. To refuse one more spelling, add it here and to the table in `tests.rs`.

use std::fmt;

/// Reserved for the lifecycle calls of the platform itself.
const RESERVED: &[u8] = b".mintreu";

/// Nobody encodes so often; whoever does wants us to work.
const MOST_LAYERS: usize = 4;

/// Why a path is refused; the text is for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathRefused {
    NotAbsolute,
    DotSegment,
    Backslash,
    ControlByte,
    EncodedSlash,
    Reserved,
    InvalidEscape,
}

impl fmt::Display for PathRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path must begin with /",
            Self::DotSegment => "the path contains a dot segment",
            Self::Backslash => "the path contains a backslash",
            Self::ControlByte => "the path contains a control character",
            Self::EncodedSlash => "the path contains an encoded slash",
            Self::Reserved => "the path is reserved",
            Self::InvalidEscape => "the path contains an invalid percent escape",
        })
    }
}

impl std::error::Error for PathRefused {}

/// Checks the raw path, without its query, before it is matched and forwarded.
pub fn check_path(path: &[u8], allow_encoded_slash: bool) -> Result<(), PathRefused> {
    if path.first() != Some(&b'/') {
        return Err(PathRefused::NotAbsolute);
    }
    // The common path is letters and slashes: one pass without a branch settles it.
    if path.iter().fold(0, |found, &byte| found | u8::from(is_suspicious(byte))) == 0 {
        return Ok(());
    }
    for &byte in path {
        match byte {
            0..=0x1f | 0x7f => return Err(PathRefused::ControlByte),
            b'\\' => return Err(PathRefused::Backslash),
            _ => {}
        }
    }
    path.split(|&byte| byte == b'/').try_for_each(|raw| check_segment(raw, allow_encoded_slash))
}

fn is_suspicious(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | 0x7f | b'\\' | b'%' | b'.')
}

fn check_segment(raw: &[u8], allow_encoded_slash: bool) -> Result<(), PathRefused> {
    if !raw.contains(&b'%') {
        return check_name(raw);
    }
    let mut decoded = decode(raw).ok_or(PathRefused::InvalidEscape)?;
    for &byte in &decoded {
        match byte {
            0..=0x1f | 0x7f => return Err(PathRefused::ControlByte),
            b'\\' => return Err(PathRefused::Backslash),
            b'/' if !allow_encoded_slash => return Err(PathRefused::EncodedSlash),
            _ => {}
        }
    }
    check_names(&decoded)?;
    // Once more for services that decode again; a stray % is a plain character to them.
    for _ in 0..MOST_LAYERS {
        let Some(again) = decode_leniently(&decoded) else { return Ok(()) };
        if again.contains(&0) {
            return Err(PathRefused::ControlByte);
        }
        check_names(&again)?;
        decoded = again;
    }
    Err(PathRefused::InvalidEscape)
}

fn check_names(decoded: &[u8]) -> Result<(), PathRefused> {
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).try_for_each(check_name)
}

fn check_name(segment: &[u8]) -> Result<(), PathRefused> {
    let name = segment.split(|&byte| byte == b';').next().unwrap_or(segment);
    if matches!(name, b"." | b"..") {
        Err(PathRefused::DotSegment)
    } else if name.eq_ignore_ascii_case(RESERVED) {
        Err(PathRefused::Reserved)
    } else {
        Ok(())
    }
}

/// Percent-decodes once; `None` where an escape is not `%` and two hexadecimal digits.
fn decode(raw: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { (hex(bytes.next()?)? << 4) | hex(bytes.next()?)? } else { byte });
    }
    Some(decoded)
}

/// Percent-decodes once and keeps what is no escape; `None` where there is nothing to decode.
fn decode_leniently(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after.split_first_chunk().filter(|_| byte == b'%');
        let value = escape.and_then(|(&[high, low], after)| Some(((hex(high)? << 4) | hex(low)?, after)));
        let (byte, after) = value.unwrap_or((byte, after));
        decoded.push(byte);
        rest = after;
    }
    (decoded.len() < text.len()).then_some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
