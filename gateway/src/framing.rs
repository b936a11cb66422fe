//! What is wrong with a request before anybody asks who sent it (RFC 9112 §3, §5). What cannot be
//! parsed is refused before; this refuses what two programs could parse differently.

use http::{
    HeaderValue, Method, Uri, Version, header,
    uri::{Authority, PathAndQuery},
};

use crate::{
    message::{Fields, Request},
    problem::{Code, Problem},
};

const LONGEST_TARGET: usize = 16 * 1024;
pub(crate) const LARGEST_HEAD: u32 = 64 * 1024;
pub(crate) const MOST_FIELDS: usize = 100;

/// What holds for both planes: no tunnels, and a request of HTTP/2 in the form that everything
/// behind knows: a target without an authority, one `Host` (RFC 9113 §8.3.1), one `Cookie` (§8.2.3).
pub(crate) fn normalise(request: &mut Request) -> Result<(), Problem> {
    if request.method == Method::CONNECT {
        return Err(Problem::malformed("This method is never forwarded.").closing());
    }
    if request.version != Version::HTTP_2 {
        return Ok(());
    }
    if let Some(authority) = request.uri.authority() {
        let value = HeaderValue::from_str(authority.as_str()).map_err(|_| Problem::malformed("The authority is not a host."))?;
        let differs = |host: &HeaderValue| !host.as_bytes().eq_ignore_ascii_case(value.as_bytes());
        if request.fields.get_all(header::HOST).any(differs) {
            return Err(Problem::malformed("Host and the authority differ."));
        }
        request.fields.insert(header::HOST, value);
        let target = request.uri.path_and_query().cloned();
        request.uri = Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
    }
    join_cookies(&mut request.fields);
    if request.fields.len() > MOST_FIELDS {
        return Err(Code::HeadersTooLarge.into());
    }
    Ok(())
}

/// HTTP/2 may cut `Cookie` into crumbs that HTTP/1.1 does not know.
fn join_cookies(fields: &mut Fields) {
    if fields.get_all(header::COOKIE).nth(1).is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = fields.get_all(header::COOKIE).map(HeaderValue::as_bytes).collect();
    // Values that were valid one by one are valid with `; ` between them.
    if let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        fields.insert(header::COOKIE, whole);
    }
}

/// Checks the frame and gives the host that the client meant.
pub(crate) fn check(request: &Request) -> Result<HeaderValue, Problem> {
    if request.uri.path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
        return Err(Problem::from(Code::UriTooLong).closing());
    }
    if size(&request.fields) > LARGEST_HEAD as usize {
        return Err(Problem::from(Code::HeadersTooLarge).closing());
    }
    if request.method == Method::TRACE {
        return Err(Problem::malformed("This method is never forwarded.").closing());
    }
    host(request)
}

fn size(fields: &Fields) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// A name or address of IPv4, and perhaps a port: what nearly all are.
fn is_plain(host: &[u8]) -> bool {
    let colon = host.iter().position(|byte| *byte == b':');
    let (name, port) = host.split_at(colon.unwrap_or(host.len()));
    let named = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let digits = port.get(1..).unwrap_or_default();
    named && (port.is_empty() || ((1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)))
}

/// Exactly one valid `Host`; the authority of an absolute target wins over it (RFC 9112 §3.2.2).
fn host(request: &Request) -> Result<HeaderValue, Problem> {
    let refused = |detail: &'static str| Problem::malformed(detail).closing();
    let host = crate::header::single(&request.fields, &header::HOST)
        .map_err(|()| refused("Host stands more than once."))?
        .ok_or_else(|| refused("Host is missing."))?;
    let valid = |text: &[u8]| is_plain(text) || Authority::try_from(text).is_ok_and(|host| !host.as_str().contains(['@', '"', '\\']));
    if !valid(host.as_bytes()) {
        return Err(refused("Host is not a host."));
    }
    match request.uri.authority() {
        None => Ok(host.clone()),
        Some(authority) if valid(authority.as_str().as_bytes()) => {
            HeaderValue::from_str(authority.as_str()).map_err(|_| refused("Host is not a host."))
        }
        Some(_) => Err(refused("The target's authority is not a host.")),
    }
}
