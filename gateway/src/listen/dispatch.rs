//! Whose request it is. With an API host the gateway answers there, alone, and nowhere else;
//! without one it owns its paths on every host.

use std::net::SocketAddr;

use http::{header, uri::Authority};

use super::accept::Worker;
use crate::{
    body::RequestBody,
    control::{self, ConnInfo},
    framing,
    message::{Request, Response},
    oauth::{JWKS_PATH, TOKEN_PATH},
    pipeline::PREFIX,
    trace::RequestTag,
};

impl Worker {
    pub(super) async fn dispatch(&self, request: &mut Request, body: RequestBody, peer: SocketAddr) -> Response {
        if is_gateways(request, self.gateway.settings().api_host.as_deref()) {
            return self.gateway.answer(request, body, peer).await;
        }
        if let Err(problem) = framing::normalise(request) {
            return problem.into_response(&RequestTag::new());
        }
        let request = request.take().with(body);
        let answer = control::dispatch(&self.control, &self.control_runtime, request, ConnInfo { peer });
        Box::pin(answer).await.into()
    }
}

fn is_gateways(request: &Request, api_host: Option<&str>) -> bool {
    let Some(api_host) = api_host else {
        let path = request.uri.path();
        return path.starts_with(PREFIX) || path == TOKEN_PATH || path == JWKS_PATH;
    };
    let is_api =
        |authority: &Authority| authority.host().eq_ignore_ascii_case(api_host) || authority.as_str().eq_ignore_ascii_case(api_host);
    match request.uri.authority() {
        Some(authority) => is_api(authority),
        None => request
            .fields
            .get(header::HOST)
            .and_then(|host| Authority::try_from(host.as_bytes()).ok())
            .is_some_and(|authority| is_api(&authority)),
    }
}
