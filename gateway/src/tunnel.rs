//! Upgraded connections (RFC 9110 §7.8): until the service says 101 nothing but the request goes
//! through; after it, bytes in both directions until either side ends. A refused upgrade is an
//! ordinary answer.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use crate::{body::Body, call::Call, header::has_token, upstream::Lease};

/// An upgrade that the client asked for.
pub(crate) struct Wanted {
    client: OnUpgrade,
    protocol: HeaderValue,
}

/// Takes the client's wish out of the request, before its fields are stripped. Never `h2c`: it
/// would hide every later request from us.
pub(crate) fn wanted(parts: &mut Parts) -> Option<Wanted> {
    let protocol = parts.headers.get(header::UPGRADE)?.clone();
    let sane = parts.method == Method::GET
        && has_token(&parts.headers, &header::CONNECTION, "upgrade")
        && parts.headers.get_all(header::UPGRADE).iter().count() == 1
        && !has_token(&parts.headers, &header::UPGRADE, "h2c")
        && !parts.headers.contains_key(header::TRANSFER_ENCODING)
        && parts.headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    let client = parts.extensions.remove::<OnUpgrade>()?;
    sane.then_some(Wanted { client, protocol })
}

impl Wanted {
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, self.protocol.clone());
    }
}

/// Joins both sides after a 101; `headers` are the service's, stripped.
pub(crate) fn open(wanted: Wanted, mut answer: Response<Incoming>, lease: Lease, mut call: Call) -> Response<Body> {
    let protocol = answer.headers().get(header::UPGRADE).cloned().unwrap_or(wanted.protocol);
    let service = hyper::upgrade::on(&mut answer);
    tokio::spawn(async move {
        let joined = tokio::try_join!(wanted.client, service);
        drop(lease);
        let (client, service) = match joined {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "an upgrade came to nothing");
                return;
            }
        };
        let (mut client, mut service) = (TokioIo::new(client), TokioIo::new(service));
        if let Ok((from_client, to_client)) = copy_bidirectional(&mut client, &mut service).await {
            call.tunnelled(from_client, to_client);
        }
    });
    let mut response = answer.map(|_| Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    crate::header::strip(response.headers_mut(), crate::header::Direction::ToClient);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol);
    response
}
