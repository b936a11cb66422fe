//! What is wrong with a request before anybody asks who sent it (RFC 9112 §3, §5, §6). hyper has
//! refused what it cannot parse; this refuses what two programs could parse differently.

use http::{HeaderMap, HeaderValue, Method, Version, header, request::Parts, uri::Authority};

use crate::problem::{Code, Problem};

const LONGEST_TARGET: usize = 16 * 1024;
const LARGEST_HEAD: usize = 64 * 1024;

/// Checks the frame and gives the host that the client meant.
pub(crate) fn check(parts: &Parts) -> Result<HeaderValue, Problem> {
    if parts.uri.path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
        return Err(Problem::from(Code::UriTooLong).closing());
    }
    if size(&parts.headers) > LARGEST_HEAD {
        return Err(Problem::from(Code::HeadersTooLarge).closing());
    }
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(Problem::malformed("This method is never forwarded.").closing());
    }
    transfer_encoding(parts)?;
    host(parts)
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// One `chunked`, or nothing.
fn transfer_encoding(parts: &Parts) -> Result<(), Problem> {
    let mut lines = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
    let odd = match (lines.next(), lines.next()) {
        (None, _) => false,
        (Some(only), None) => parts.version != Version::HTTP_11 || !only.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => true,
    };
    if odd {
        return Err(Problem::malformed("Transfer-Encoding must be one chunked.").closing());
    }
    Ok(())
}

/// Exactly one valid `Host`; the authority of an absolute target wins over it (RFC 9112 §3.2.2).
fn host(parts: &Parts) -> Result<HeaderValue, Problem> {
    let refused = |detail: &'static str| Problem::malformed(detail).closing();
    let host = crate::header::single(&parts.headers, &header::HOST)
        .map_err(|()| refused("Host stands more than once."))?
        .ok_or_else(|| refused("Host is missing."))?;
    let valid = |text: &[u8]| Authority::try_from(text).is_ok_and(|host| !host.as_str().contains(['@', '"', '\\']));
    if !valid(host.as_bytes()) {
        return Err(refused("Host is not a host."));
    }
    match parts.uri.authority() {
        None => Ok(host.clone()),
        Some(authority) if valid(authority.as_str().as_bytes()) => {
            HeaderValue::from_str(authority.as_str()).map_err(|_| refused("Host is not a host."))
        }
        Some(_) => Err(refused("The target's authority is not a host.")),
    }
}
