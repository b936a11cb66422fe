//! Whose request it is. With an API host the gateway answers there, alone, and nowhere else;
//! without one it owns its paths on every host.

use std::{convert::Infallible, net::SocketAddr};

use http::{Request, Response, header, uri::Authority};

use super::accept::Worker;
use crate::{
    body::{Body, RequestBody},
    control::{self, ConnInfo},
    framing,
    oauth::{JWKS_PATH, TOKEN_PATH},
    pipeline::PREFIX,
    trace::RequestTag,
};

impl Worker {
    pub(super) async fn dispatch(&self, request: Request<RequestBody>, peer: SocketAddr) -> Result<Response<Body>, Infallible> {
        if is_gateways(&request, self.gateway.settings().api_host.as_deref()) {
            return Ok(self.gateway.handle(request, peer).await);
        }
        let (mut parts, body) = request.into_parts();
        if let Err(problem) = framing::normalise(&mut parts) {
            return Ok(problem.into_response(&RequestTag::new()));
        }
        let request = Request::from_parts(parts, body);
        let answer = control::dispatch(&self.control, &self.control_runtime, request, ConnInfo { peer });
        Ok(answer.await)
    }
}

fn is_gateways(request: &Request<RequestBody>, api_host: Option<&str>) -> bool {
    let Some(api_host) = api_host else {
        let path = request.uri().path();
        return path.starts_with(PREFIX) || path == TOKEN_PATH || path == JWKS_PATH;
    };
    let is_api =
        |authority: &Authority| authority.host().eq_ignore_ascii_case(api_host) || authority.as_str().eq_ignore_ascii_case(api_host);
    match request.uri().authority() {
        Some(authority) => is_api(authority),
        None => request
            .headers()
            .get(header::HOST)
            .and_then(|host| Authority::try_from(host.as_bytes()).ok())
            .is_some_and(|authority| is_api(&authority)),
    }
}
