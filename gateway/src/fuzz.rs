//! What fuzzers drive: each function takes arbitrary bytes and panics when a promise is broken. The
//! promises are stated once more here, plainly, so that the code is held against something that
//! does not share its mistakes. With `--cfg planted` each meets a broken variant, which a fuzzer
//! that is worth its time finds. See `scripts/fuzz.sh`.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use mintreu_model::route::check_path;

use crate::{
    credential, framing,
    listen::http1::head::{Frame, Reading},
    message::Request,
    problem::Problem,
    settings::{SigningKey, SigningKeys},
    token::{AccessTokens, Signer, issue},
};

pub use crate::journal::fuzz::segment;

pub(crate) const PLANTED: bool = cfg!(planted);
const ISSUER: &str = "http://127.0.0.1:3000";

/// Paths: none that passes can be read as leaving its place, however often it is decoded.
pub fn path(data: &[u8]) {
    let checked = if PLANTED { planted_check(data) } else { check_path(data, true).is_ok() };
    if !checked {
        return;
    }
    assert_eq!(data.first(), Some(&b'/'));
    let mut text = data.to_vec();
    for _ in 0..8 {
        assert!(!text.contains(&0), "a null byte passed");
        for segment in text.split(|byte| matches!(byte, b'/' | b'\\')) {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            assert!(name != b"." && name != b"..", "a dot segment passed");
            assert!(!name.eq_ignore_ascii_case(b".mintreu"), "the reserved name passed");
        }
        let decoded = percent_decode(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    assert!(check_path(data, false).is_err() || !data.to_ascii_lowercase().windows(3).any(|three| three == b"%2f"));
}

/// Answers of services: however the network cuts them, they mean the same.
pub fn answer(data: &[u8]) {
    crate::upstream::read_as_bytes(data);
}

/// Looks at what stands there and forgets that others decode.
fn planted_check(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && !path.contains(&0) && !path.split(|byte| *byte == b'/').any(|name| matches!(name, b"." | b".."))
}

/// Decodes what is an escape and keeps what is none, as the most lenient programs do.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digit = |index: usize| after.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            _ => decoded.push(byte),
        }
    }
    decoded
}

/// Credentials: what is put in comes out, junk never does, and no token passes that is not ours.
pub fn credential(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut buffer = credential::buffer();
    let _ = credential::basic(&text, &mut buffer);

    if let Some((id, secret)) = text.split_once('|').filter(|(id, secret)| !id.contains(':') && id.len() + secret.len() < 300) {
        let encoded = STANDARD.encode(format!("{id}:{secret}"));
        let found = credential::basic(&encoded, &mut buffer);
        let found = found.map(|(id, secret)| (id, if PLANTED { secret.trim_end() } else { secret }));
        assert_eq!(found, Some((id, secret)), "another credential came out");
    }

    static SIGNED: OnceLock<(Signer, AccessTokens, String)> = OnceLock::new();
    let (signer, tokens, good) = SIGNED.get_or_init(|| {
        let active =
            SigningKey { kid: "now".to_owned(), key: Arc::new(Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a seed is 32 bytes")) };
        let signer = Signer::new(SigningKeys { active, previous: Vec::new() });
        let good = issue(&signer, ISSUER, "mci_x", "app_x".to_owned(), None, "req_x");
        (signer, AccessTokens::new(), good)
    });
    assert!(tokens.verify(signer, ISSUER, &text).is_err(), "a token that nobody signed passed");
    // One byte of a good token is another one.
    if let [place, other, ..] = data {
        let mut changed = good.clone().into_bytes();
        let place = usize::from(*place) % changed.len();
        if let Some(byte) = changed.get_mut(place) {
            *byte = *other;
        }
        if let Ok(changed) = String::from_utf8(changed) {
            let passes = tokens.verify(signer, ISSUER, &changed).is_ok();
            assert!(changed == *good || !passes, "a changed token passed");
        }
    }
}

/// Heads of requests: however the network cuts them they mean the same, and nothing that two programs
/// could read differently is accepted.
pub fn head(data: &[u8]) {
    let (at_once, in_pieces) = (read(data, data.len().max(1)), read(data, 1));
    if let (Ok(at_once), Ok(in_pieces)) = (&at_once, &in_pieces) {
        assert_eq!(at_once.as_ref().map(meaning), in_pieces.as_ref().map(meaning), "a head that is cut means something else");
    }
    if let Ok(Some((request, _))) = at_once
        && accepts(&request)
    {
        check_head(data, &request);
    }
}

/// The first head: what follows is another.
fn read(data: &[u8], piece: usize) -> Result<Option<(Request, Frame)>, Problem> {
    let (mut reading, mut request) = (Reading::default(), Request::default());
    for more in data.chunks(piece) {
        reading.bytes.extend_from_slice(more);
        if let Some(frame) = reading.take(&mut request)? {
            return Ok(Some((request, frame)));
        }
    }
    Ok(None)
}

fn meaning((request, frame): &(Request, Frame)) -> (String, Frame) {
    let Request { method, uri, version, fields, .. } = request;
    (format!("{method} {uri} {version:?} {fields:?}"), *frame)
}

fn accepts(request: &Request) -> bool {
    if PLANTED {
        return true;
    }
    framing::check(request).is_ok() && check_path(request.uri.path().as_bytes(), true).is_ok()
}

fn check_head(data: &[u8], request: &Request) {
    // Empty lines before the first are allowed to a parser (RFC 9112 §2.2).
    if data.first().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        return;
    }
    let mut hosts = 0;
    for line in data.split(|byte| *byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        assert!(!line.contains(&b'\r'), "a bare CR passed");
        assert!(!line.starts_with(b" ") && !line.starts_with(b"\t"), "a folded line passed");
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { panic!("a line without a colon passed") };
        let (name, value) = line.split_at(colon);
        assert!(!name.is_empty() && !name.iter().any(|byte| byte.is_ascii_whitespace()), "a name with spaces passed");
        hosts += usize::from(name.eq_ignore_ascii_case(b"host"));
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            assert!(value.eq_ignore_ascii_case(b"chunked"), "another transfer coding passed");
        }
        if name.eq_ignore_ascii_case(b"content-length") && !request.fields.contains_key(header::TRANSFER_ENCODING) {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            assert!(!value.is_empty() && value.iter().all(u8::is_ascii_digit), "an odd length passed");
        }
    }
    assert_eq!(hosts, 1, "not one Host");
}
