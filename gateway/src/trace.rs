//! Names for one call: our request id, and the trace that it is part of (W3C Trace Context).
//! Neither is a secret, so that a fast generator will do.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use mintreu_model::id::RequestId;
use uuid::Builder;

use crate::{coarse::about_now, message::Fields};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A fresh request id, ready to be a header.
#[derive(Debug, Clone)]
pub(crate) struct RequestTag {
    id: RequestId,
    header: HeaderValue,
}

impl RequestTag {
    pub(crate) fn new() -> Self {
        let millis = u64::try_from(about_now().as_millis()).unwrap_or(u64::MAX);
        let mut random = [0_u8; 10];
        fastrand::fill(&mut random);
        let id = RequestId(Builder::from_unix_timestamp_millis(millis, &random).into_uuid());
        Self { id, header: shared(id.text()) }
    }

    pub(crate) fn id(&self) -> RequestId {
        self.id
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(crate) fn text(&self) -> &str {
        self.header.to_str().unwrap_or_default()
    }
}

/// A header value that takes the text over without copying it.
pub(crate) fn shared(text: impl Into<Bytes>) -> HeaderValue {
    HeaderValue::from_maybe_shared(text.into()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What the service is told of the trace.
pub(crate) struct Trace {
    /// A `traceparent` with a span of ours.
    pub(crate) parent: [u8; 55],
    /// Whether it is the client's trace; it was begun here otherwise.
    pub(crate) goes_on: bool,
}

impl Trace {
    /// Continues a valid trace; begins one otherwise.
    pub(crate) fn continued(given: &Fields) -> Self {
        let mut lines = given.get_all(TRACEPARENT);
        let theirs = lines.next().filter(|_| lines.next().is_none());
        let theirs = theirs.and_then(|value| parse(value.as_bytes()));
        let mut parent = *b"00-00000000000000000000000000000000-0000000000000000-00";
        // Each place is as long as what is written there.
        match theirs {
            Some((trace, flags)) => {
                parent[3..35].copy_from_slice(trace.as_bytes());
                parent[53..].copy_from_slice(flags.as_bytes());
            }
            None => digits(&fastrand::u128(1..).to_be_bytes(), &mut parent[3..35]),
        }
        digits(&fastrand::u64(1..).to_be_bytes(), &mut parent[36..52]);
        Self { parent, goes_on: theirs.is_some() }
    }
}

/// Bytes as hexadecimal digits.
fn digits(bytes: &[u8], place: &mut [u8]) {
    let _ = hex::encode_to_slice(bytes, place);
}

/// Trace id and flags of a valid version 00 `traceparent`.
fn parse(value: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let valid =
        version == "00" && parts.next().is_none() && hex(trace, 32) && hex(span, 16) && hex(flags, 2) && !zero(trace) && !zero(span);
    valid.then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn continued(given: &[&str]) -> String {
        let mut headers = Fields::default();
        for value in given {
            headers.append(TRACEPARENT, value.parse().unwrap());
        }
        let trace = Trace::continued(&headers);
        format!("{} {}", String::from_utf8_lossy(&trace.parent), trace.goes_on)
    }

    #[test]
    fn a_valid_trace_goes_on_under_a_new_span() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let after = continued(&[given]);
        assert!(after.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(!after.contains("00f067aa0ba902b7"));
        assert!(after.ends_with("-01 true"));
    }

    #[test]
    fn an_invalid_trace_is_replaced() {
        let zero = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for given in [vec!["x"], vec![zero], vec![valid, valid], vec![]] {
            let after = continued(&given);
            assert_eq!(after.len(), 55 + " false".len(), "{after}");
            assert!(after.ends_with(" false"), "{after}");
        }
    }
}
