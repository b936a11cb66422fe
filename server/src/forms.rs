//! The layer around `/_fn/…`, one place that makes plain forms work and keeps foreign ones out.
//!
//! - A post from another site is refused, as is everything but POST and any body over 256 KiB.
//! - A post by a script gets JSON; only the status is corrected from the problem in the body.
//! - A post by a plain form (`Accept: text/html`) is answered by 303: after success to where the
//!   function says, after failure back to the form. The outcome waits as a `Flash` for that page.
//!
//! Server functions know nothing of this: they return `Result<Done, Error>`.

mod flash;
mod page;
#[cfg(test)]
mod tests;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
pub(crate) use mintreu_app::local::local;
use mintreu_app::{Done, Error, flash::Flash, load::log_in_address, request::PageRequest};
use mintreu_model::problem::Problem;

pub(crate) use self::flash::{FlashStore, Flashes, clear_flash, take_flash};
pub(crate) use self::page::{problem_json, problem_page};
use crate::web::{self, WebState};

const MAX_BODY: usize = 256 * 1024;

/// Why it is not known who posts a form; put into the request by a layer outside.
#[derive(Clone)]
pub(crate) struct Unidentified(pub(crate) Problem);

pub(crate) fn is_form(request: &Request) -> bool {
    request.uri().path().starts_with("/_fn/")
}

/// The layer. Requests for other paths pass untouched.
pub(crate) async fn outcome(State(state): State<WebState>, request: Request, next: Next) -> Response {
    if !is_form(&request) {
        return next.run(request).await;
    }
    let html = wants_html(request.headers());
    // Nothing to try again by a link.
    let page = PageRequest { path: String::new(), query: String::new(), ..web::page_request(request.uri(), request.headers()) };
    match answer(&state, request, next, html).await {
        Ok(response) => response,
        Err(problem) if html => problem_page(&problem, &state.files.assets, &page),
        Err(problem) => problem_json(&problem),
    }
}

async fn answer(state: &WebState, request: Request, next: Next, html: bool) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Err(Problem::new(405, "method_not_allowed", "This is not a page", "Forms are sent here; there is nothing to read."));
    }
    if is_cross_site(request.headers()) {
        return Err(Problem::new(403, "cross_site", "This form came from another site", "Open the page here and send the form again."));
    }
    let (mut parts, body) = request.into_parts();
    let body = bounded(body, MAX_BODY).await?;
    let action = parts.uri.path().to_owned();
    let back = referer(&parts.headers);
    let typed = if html { typed_values(&parts.headers, &body) } else { Vec::new() };
    if html {
        // With `text/html` the function would redirect by itself and lose what was typed.
        parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    }
    let response = match parts.extensions.remove::<Unidentified>() {
        Some(Unidentified(problem)) => problem_json(&problem),
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    };
    let (mut head, body) = response.into_parts();
    let body = bounded(body, usize::MAX).await?;
    if head.status.is_success() || head.status.is_redirection() {
        if !html {
            return Ok(Response::from_parts(head, Body::from(body)));
        }
        let done = serde_json::from_slice(&body).unwrap_or_else(|_| Done::to(back.clone().unwrap_or_else(|| "/".into())));
        return Ok(succeed(state, done, &action, &head.headers).await);
    }
    let problem = match serde_json::from_slice(&body) {
        Ok(Error(problem)) => problem,
        Err(_) if html => unknown(head.status).0,
        Err(_) => return Err(unknown(head.status).0),
    };
    if !html {
        head.status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Ok(Response::from_parts(head, Body::from(body)));
    }
    if problem.status == 401 {
        return Ok(redirect(&log_in_address(back.as_deref().unwrap_or("/")), None, &head.headers));
    }
    let Some(path) = back else { return Err(problem) };
    let flash = Flash {
        path: path.clone(),
        action,
        status: problem.status,
        message: Some(problem.detail),
        errors: problem.errors,
        values: typed,
        ..Flash::default()
    };
    Ok(redirect(&path, leave(state, flash).await, &head.headers))
}

async fn succeed(state: &WebState, done: Done, action: &str, inner: &HeaderMap) -> Response {
    let location = local(&done.location).unwrap_or("/");
    let cookie = if done.message.is_some() || !done.once.is_empty() {
        // The fragment never reaches the server.
        let path = location.split('#').next().unwrap_or(location).to_owned();
        let flash = Flash { path, action: action.to_owned(), message: done.message, once: done.once, ..Flash::default() };
        leave(state, flash).await
    } else {
        None
    };
    redirect(location, cookie, inner)
}

/// Stores the flash and gives the cookie that finds it again.
pub(crate) async fn leave(state: &WebState, flash: Flash) -> Option<HeaderValue> {
    let path = flash.path.clone();
    let id = state.flash.put(flash).await?;
    Some(flash::cookie(&id, &path, state.secure))
}

/// 303, with the cookies that the function set.
fn redirect(location: &str, flash: Option<HeaderValue>, inner: &HeaderMap) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    for cookie in inner.get_all(header::SET_COOKIE).iter().cloned().chain(flash) {
        headers.append(header::SET_COOKIE, cookie);
    }
    headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn unknown(status: StatusCode) -> Error {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Error::not_found(),
        _ => Error::internal(),
    }
}

async fn bounded(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let collected = Limited::new(body, limit).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            Problem::new(413, "body_too_large", "The form is too large", "A form may hold 256 KiB. Shorten what you entered.")
        } else {
            Problem::new(400, "body_unreadable", "The form did not arrive whole", "Send it again.")
        }
    })
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// Whether a browser says that the request comes from elsewhere. Programs that say nothing have no
/// cookies of ours to misuse.
pub(crate) fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let host = text("host").unwrap_or_default();
    text("origin").is_some_and(|origin| origin.split_once("://").is_none_or(|(_, named)| !named.eq_ignore_ascii_case(host)))
}

/// The page that the form was on: path and query, only of this host.
fn referer(headers: &HeaderMap) -> Option<String> {
    let uri: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let named = uri.authority()?.as_str();
    let path = uri.path_and_query()?.as_str();
    (named.eq_ignore_ascii_case(host)).then(|| local(path).map(str::to_owned)).flatten()
}

/// What was typed, without anything secret.
fn typed_values(headers: &HeaderMap, body: &[u8]) -> Vec<(String, String)> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Vec::new();
    }
    form_urlencoded::parse(body).into_owned().filter(|(name, _)| !Flash::is_secret(name)).collect()
}
