//! Header fields that must not travel. **Strip before inject, always**: whatever the client says,
//! in any spelling, is gone before a field of ours is added, and its `Connection` header is
//! obeyed before that too, so that it can name nothing of ours.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::message::Fields;

/// RFC 9110 §7.6.1, and the older ones that implementations still obey.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

static NEVER_LATE: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::HOST,
    header::SET_COOKIE,
    header::TRAILER,
];

/// Which fields of a message are the platform's to set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToService,
    ToClient,
}

/// Whether the field belongs to the platform. Underscores count as dashes, because gateways
/// between programs (CGI, WSGI) turn both into the same name.
fn is_reserved(name: &HeaderName, direction: Direction) -> bool {
    let name = name.as_str().as_bytes();
    let is = |wanted: &[u8], prefix: bool| {
        (if prefix { name.len() >= wanted.len() } else { name.len() == wanted.len() })
            && name.iter().zip(wanted).all(|(byte, wanted)| byte == wanted || (*byte == b'_' && *wanted == b'-'))
    };
    match name.first() {
        Some(b'm') => is(b"mintreu-", true),
        Some(b'x') if direction == Direction::ToService => {
            is(b"x-forwarded-", true) || is(b"x-request-id", false) || is(b"x-real-ip", false)
        }
        Some(b'f') if direction == Direction::ToService => is(b"forwarded", false),
        Some(b't') if direction == Direction::ToService => name.contains(&b'_') && (is(b"traceparent", false) || is(b"tracestate", false)),
        _ => false,
    }
}

/// Removes what is meant for one connection only, and what is reserved.
pub(crate) fn strip(fields: &mut Fields, direction: Direction) {
    strip_with(fields, direction, |_| false);
}

/// The same, and what else goes no further.
pub(crate) fn strip_with(fields: &mut Fields, direction: Direction, ends_here: impl Fn(&HeaderName) -> bool) {
    let named: Vec<HeaderName> = fields
        .get_all(header::CONNECTION)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| name != header::CONTENT_LENGTH && name != header::HOST)
        .collect();
    fields.retain(|name| !(is_hop_by_hop(name) || is_reserved(name, direction) || named.contains(name) || ends_here(name)));
}

/// Trailers are fields that arrive late: nothing that frames, routes, authenticates or is
/// reserved may come in through them (RFC 9110 §6.5.1).
pub(crate) fn strip_trailers(trailers: &mut HeaderMap, direction: Direction) {
    let mut fields = Fields::from(std::mem::take(trailers));
    strip(&mut fields, direction);
    fields.retain(|name| !NEVER_LATE.contains(name));
    *trailers = fields.into();
}

/// Whether a comma-separated field contains the token, in any case.
pub(crate) fn has_token(fields: &Fields, name: &HeaderName, token: &str) -> bool {
    // Few have it at all.
    fields.contains_key(name)
        && fields
            .get_all(name)
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// The only value of a field that may stand once; `Err` when it stands twice.
pub(crate) fn single<'a>(fields: &'a Fields, name: &HeaderName) -> Result<Option<&'a HeaderValue>, ()> {
    let mut lines = fields.get_all(name);
    let first = lines.next();
    if lines.next().is_some() { Err(()) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&str, &str)]) -> Fields {
        lines.iter().map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn everything_reserved_goes_in_every_spelling() {
        let mut headers = map(&[
            ("Mintreu-Tenant", "x"),
            ("MINTREU_TENANT", "x"),
            ("mintreu-_x", "x"),
            ("Mintreu-Tenant", "y"),
            ("X_Forwarded_For", "x"),
            ("X-Real-IP", "x"),
            ("Forwarded", "x"),
            ("X_Request_Id", "x"),
            ("trace_parent", "kept"),
            ("mintreux", "kept"),
        ]);
        strip(&mut headers, Direction::ToService);
        let mut left: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        left.sort_unstable();
        assert_eq!(left, ["mintreux", "trace_parent"]);
    }

    #[test]
    fn what_connection_names_goes_but_framing_stays() {
        let mut headers = map(&[
            ("Connection", "x-one, CLOSE"),
            ("connection", "X-Two,,content-length"),
            ("X-One", "x"),
            ("X-Two", "x"),
            ("Content-Length", "5"),
            ("TE", "trailers"),
            ("Keep-Alive", "5"),
        ]);
        strip(&mut headers, Direction::ToService);
        assert_eq!(headers.len(), 1);
        assert!(headers.contains_key(header::CONTENT_LENGTH));
    }
}
