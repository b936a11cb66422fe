//! `Idempotency-Key` on writes with a token: the first request is worked on to its end, whether or
//! not the client stays; a repeat within 24 hours gets the same answer. What was refused keeps
//! nothing, so that the request can be put right and sent again under the same key.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;
use mintreu_control::{Actor, Control, Error, idempotency::Begun};
use sha2::{Digest as _, Sha256};

use super::{extract, finish, read, refusal::Refusal};

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(crate) async fn layer(State(control): State<Control>, request: Request, next: Next) -> Response {
    let is_write = matches!(*request.method(), Method::POST | Method::PATCH | Method::DELETE);
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    if !is_write || !has_token || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match once(control, request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn once(control: Control, request: Request, next: Next) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let actor = extract::authenticate(&mut parts, &control).await?;
    let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok()).map(str::to_owned);
    let key = key.ok_or_else(|| Refusal::field("Idempotency-Key", "invalid", "Use 1 to 255 ASCII characters"))?;
    let body = read::bytes(&parts.headers, body).await?;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let hash = Sha256::new()
        .chain_update(parts.method.as_str())
        .chain_update([0])
        .chain_update(target)
        .chain_update([0])
        .chain_update(&body)
        .finalize();
    if let Begun::Replay { status, body } = control.idempotency_begin(&actor, &key, &hash).await? {
        return Ok(replay(status, body));
    }
    let request = Request::from_parts(parts, Body::from(body));
    // A client that leaves must not leave a key behind that nobody works on.
    let work = tokio::spawn(work(control.clone(), actor.clone(), key.clone(), request, next));
    if let Ok(outcome) = work.await {
        return outcome;
    }
    control.idempotency_release(&actor, &key).await?;
    Err(finish::internal())
}

async fn work(control: Control, actor: Actor, key: String, request: Request, next: Next) -> Result<Response, Refusal> {
    let response = next.run(request).await;
    if !response.status().is_success() {
        let refusal = response.extensions().get::<Arc<Refusal>>();
        if refusal.is_some_and(|refusal| matches!(refusal.cause.as_deref(), Some(Error::Uncertain(_)))) {
            // It may have taken effect: a repeat must not do it again.
            return Ok(response);
        }
        control.idempotency_release(&actor, &key).await?;
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| finish::internal())?.to_bytes();
    control.idempotency_finish(&actor, &key, head.status.as_u16(), &body).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let mut response = StatusCode::from_u16(status).unwrap_or(StatusCode::OK).into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    if !body.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(body);
    }
    response
}
