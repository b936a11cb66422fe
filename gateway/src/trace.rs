//! Names for one call: our request id, and the trace that it is part of (W3C Trace Context).
//! Neither is a secret, so that a fast generator will do.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use mintreu_model::id::RequestId;
use uuid::Builder;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A fresh request id, ready to be a header.
#[derive(Debug, Clone)]
pub(crate) struct RequestTag {
    id: RequestId,
    header: HeaderValue,
}

impl RequestTag {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
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
pub(crate) fn shared(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Continues a valid trace under a span of ours; begins one otherwise.
pub(crate) fn continue_trace(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(&TRACEPARENT).iter();
    let given = lines.next().filter(|_| lines.next().is_none());
    let parent = given.and_then(|value| parse(value.as_bytes()));
    let (mut trace, mut span) = ([0; 32], [0; 16]);
    let span = digits(&fastrand::u64(1..).to_be_bytes(), &mut span);
    let text = match parent {
        Some((trace, flags)) => ["00-", trace, "-", span, "-", flags].concat(),
        None => ["00-", digits(&fastrand::u128(1..).to_be_bytes(), &mut trace), "-", span, "-00"].concat(),
    };
    if parent.is_none() {
        headers.remove(&TRACESTATE);
    }
    headers.insert(TRACEPARENT, shared(text));
}

/// Bytes as hexadecimal digits.
fn digits<'a>(bytes: &[u8], place: &'a mut [u8]) -> &'a str {
    // The place is as long as the digits.
    let written = hex::encode_to_slice(bytes, place);
    written.ok().and_then(|()| std::str::from_utf8(place).ok()).unwrap_or_default()
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
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(TRACEPARENT, value.parse().unwrap());
        }
        headers.insert(TRACESTATE, HeaderValue::from_static("a=b"));
        continue_trace(&mut headers);
        format!("{} {}", headers[TRACEPARENT].to_str().unwrap(), headers.contains_key(TRACESTATE))
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
