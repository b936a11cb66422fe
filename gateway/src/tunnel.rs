//! Upgraded connections (RFC 9110 §7.8): until the service says 101 nothing but the request goes
//! through; after it, bytes in both directions until either side ends. A refused upgrade is an
//! ordinary answer.

use std::pin::pin;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};

use crate::{
    body::Body,
    call::Call,
    header::{Direction, has_token, strip},
    message::{Fields, Request, Response},
    upstream::{Answer, Exchange},
};

/// An upgrade that the client asked for.
pub(crate) struct Wanted {
    protocol: HeaderValue,
}

/// Looks for the client's wish, before its fields are stripped. Never `h2c`: it
/// would hide every later request from us.
pub(crate) fn wanted(request: &Request) -> Option<Wanted> {
    let protocol = request.fields.get(header::UPGRADE)?.clone();
    let sane = request.may_upgrade
        && request.method == Method::GET
        && has_token(&request.fields, &header::CONNECTION, "upgrade")
        && request.fields.get_all(header::UPGRADE).count() == 1
        && !has_token(&request.fields, &header::UPGRADE, "h2c")
        && !request.fields.contains_key(header::TRANSFER_ENCODING)
        && request.fields.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    sane.then_some(Wanted { protocol })
}

impl Wanted {
    pub(crate) fn ask(&self, fields: &mut Fields) {
        fields.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        fields.insert(header::UPGRADE, self.protocol.clone());
    }
}

/// A service that has said 101, on its way to the connection of its client.
pub(crate) struct Tunnel {
    service: Answer,
    exchange: Exchange,
    call: Call,
}

/// Answers the client's wish as the service has.
pub(crate) fn open(wanted: Wanted, answer: Response<Answer>, exchange: Exchange, call: Call) -> Response {
    let Response { status, mut fields, body: service } = answer;
    let protocol = fields.get(header::UPGRADE).cloned().unwrap_or(wanted.protocol);
    strip(&mut fields, Direction::ToClient);
    fields.insert(header::UPGRADE, protocol);
    Response { status, fields, body: Body::tunnel(Tunnel { service, exchange, call }) }
}

impl Tunnel {
    /// Carries bytes until it ends; `early` is what the client has said already.
    pub(crate) async fn carry(self, client: impl AsyncRead + AsyncWrite, early: Bytes) {
        let Self { service, exchange, mut call } = self;
        drop(exchange);
        let Some((service, service_early)) = service.into_tunnel() else {
            tracing::debug!("an upgrade came to nothing");
            return;
        };
        let (from_client, to_client) = join((client, &early), (service, &service_early)).await;
        call.tunnelled(from_client, to_client);
    }
}

/// Carries bytes until the service has ended; a client that has said all may still listen. With each
/// side is what it has said already. Gives the bytes from and to the client.
async fn join(
    (client, client_early): (impl AsyncRead + AsyncWrite, &[u8]),
    (service, service_early): (impl AsyncRead + AsyncWrite, &[u8]),
) -> (u64, u64) {
    let (mut from_client, mut to_client) = (0, 0);
    let (client_read, client_write) = split(client);
    let (service_read, service_write) = split(service);
    {
        let mut up = pin!(carry(client_early.chain(client_read), service_write, &mut from_client));
        let mut down = pin!(carry(service_early.chain(service_read), client_write, &mut to_client));
        let whole = tokio::select! {
            _ = down.as_mut() => false,
            whole = up.as_mut() => whole,
        };
        if whole {
            down.await;
        }
    }
    (from_client, to_client)
}

/// True when the reader came to its end, false when something broke.
async fn carry(mut reader: impl AsyncRead + Unpin, mut writer: impl AsyncWrite + Unpin, count: &mut u64) -> bool {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read) = reader.read(&mut buffer).await else { return false };
        let Some(data) = buffer.get(..read).filter(|data| !data.is_empty()) else {
            return writer.shutdown().await.is_ok();
        };
        if writer.write_all(data).await.is_err() || writer.flush().await.is_err() {
            return false;
        }
        *count = count.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}
