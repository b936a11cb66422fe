//! The form layer through the whole router, as browsers and scripts meet it.

use std::sync::Arc;

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use leptos::server;
use mintreu_app::{Done, Error, flash::Flash};
use mintreu_model::problem::{FieldError, Problem};
use tower::ServiceExt as _;

use super::flash::{FlashStore, Later};
use crate::web::{SiteFiles, WebState, router};

/// In the memory of the test.
#[derive(Default)]
struct MemoryFlash {
    kept: std::sync::Mutex<std::collections::HashMap<String, Flash>>,
}

impl FlashStore for MemoryFlash {
    fn put(&self, flash: Flash) -> Later<'_, Option<String>> {
        Box::pin(async move {
            let id = leptos::nonce::Nonce::new().to_string();
            let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.insert(id.clone(), flash);
            Some(id)
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> Later<'a, Option<Flash>> {
        Box::pin(async move { self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(id) })
    }
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Sample {
    name: String,
    #[serde(default)]
    password: String,
}

/// Succeeds, or fails as its name says.
#[server(prefix = "/_fn", endpoint = "sample/save")]
pub(crate) async fn save_sample(form: Sample) -> Result<Done, Error> {
    std::future::ready(form.password).await;
    match form.name.as_str() {
        "" => Err(Problem::fields(vec![FieldError::new("name", "required", "Enter a name")]).into()),
        "anonymous" => Err(Error::unauthenticated()),
        "outside" => Ok(Done::to("https://evil.example/")),
        name => Ok(Done::to("/docs/errors?saved=1").saying(format!("{name} saved."))),
    }
}

fn site() -> Router {
    let state = WebState {
        files: SiteFiles::find(),
        flash: Arc::new(MemoryFlash::default()),
        secure: false,
        styleguide: false,
        provide: Arc::new(|_| {}),
    };
    router(state, Router::new(), |pages| pages)
}

fn form(body: &str) -> http::request::Builder {
    Request::post("/_fn/sample/save")
        .header(header::HOST, "m.example")
        .header(header::ORIGIN, "http://m.example")
        .header("sec-fetch-site", "same-origin")
        .header(header::REFERER, "http://m.example/?tab=new")
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONTENT_LENGTH, body.len())
}

async fn send(site: &Router, request: http::request::Builder, body: impl Into<Body>) -> Response<Body> {
    site.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
}

async fn get(site: &Router, path: &str, cookie: &str) -> Response<Body> {
    let mut request = Request::get(path).header(header::HOST, "m.example");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    send(site, request, Body::empty()).await
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn cookie_of(response: &Response<Body>) -> String {
    header_of(response, "set-cookie").split(';').next().unwrap().to_owned()
}

const GOOD: &str = "form%5Bname%5D=Store";
const EMPTY: &str = "form%5Bname%5D=&form%5Bpassword%5D=hunter2";

#[tokio::test]
async fn success_goes_on_and_says_so_exactly_once() {
    let site = site();
    let answer = send(&site, form(GOOD), GOOD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&answer, "location"), "/docs/errors?saved=1");
    let cookie = cookie_of(&answer);
    assert!(text(get(&site, "/docs/errors", &cookie).await).await.contains("What to do"), "another page leaves the flash");
    let page = get(&site, "/docs/errors?saved=1", &cookie).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(header_of(&page, "set-cookie").starts_with("flash=; Path=/; Max-Age=0"));
    assert!(text(page).await.contains("Store saved."));
    assert!(!text(get(&site, "/docs/errors?saved=1", &cookie).await).await.contains("Store saved."));
}

#[tokio::test]
async fn a_page_fetched_ahead_leaves_the_flash_alone() {
    let site = site();
    let cookie = cookie_of(&send(&site, form(GOOD), GOOD).await);
    let ahead = Request::get("/docs/errors?saved=1").header(header::COOKIE, &cookie).header("sec-purpose", "prefetch");
    assert!(!text(send(&site, ahead, Body::empty()).await).await.contains("Store saved."));
    assert!(text(get(&site, "/docs/errors?saved=1", &cookie).await).await.contains("Store saved."));
}

#[tokio::test]
async fn failure_goes_back_with_the_error_and_without_the_secret() {
    let site = site();
    let answer = send(&site, form(EMPTY), EMPTY).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&answer, "location"), "/?tab=new");
    let page = text(get(&site, "/?tab=new", &cookie_of(&answer)).await).await;
    assert!(page.contains("<title>Error: "));
    assert!(page.contains("Enter a name"));
    assert!(!page.contains("hunter2"));
}

#[tokio::test]
async fn scripts_get_json_with_the_status_of_the_problem() {
    let site = site();
    let script = |body: &str| {
        let mut request = form(body);
        request.headers_mut().unwrap().insert(header::ACCEPT, "application/json".parse().unwrap());
        request
    };
    let answer = send(&site, script(EMPTY), EMPTY).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let Error(problem) = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(problem.errors[0].field, "name");
    let answer = send(&site, script(GOOD), GOOD).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let done: Done = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(done.location, "/docs/errors?saved=1");
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_422_never_500() {
    for body in ["form%5Bnam%5D=x", "nonsense", "form%5B", "form=1&form%5Bname%5D=2", "%ff%fe"] {
        let mut request = form(body);
        request.headers_mut().unwrap().insert(header::ACCEPT, "application/json".parse().unwrap());
        let answer = send(&site(), request, body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let mut request = form(body);
        request.headers_mut().unwrap().remove(header::REFERER);
        let answer = send(&site(), request, body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(text(answer).await.contains("Reload the page"));
    }
}

#[tokio::test]
async fn other_sites_other_methods_and_large_bodies_are_refused() {
    let site = site();
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example"), ("origin", "null")]
    {
        let mut request = form(GOOD);
        request.headers_mut().unwrap().insert(name, value.parse().unwrap());
        assert_eq!(send(&site, request, GOOD).await.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(get(&site, "/_fn/sample/save?form[name]=x", "").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    let large = format!("form%5Bname%5D={}", "x".repeat(super::MAX_BODY));
    let answer = send(&site, form(&large), large).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(answer).await.contains("The form is too large"));
}

#[tokio::test]
async fn who_is_not_logged_in_goes_to_the_log_in_and_comes_back() {
    let body = "form%5Bname%5D=anonymous";
    let answer = send(&site(), form(body), body).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&answer, "location"), "/login?next=%2F%3Ftab%3Dnew");
}

#[tokio::test]
async fn nobody_is_sent_to_another_host() {
    let body = "form%5Bname%5D=outside";
    assert_eq!(header_of(&send(&site(), form(body), body).await, "location"), "/");
    let mut request = form(EMPTY);
    request.headers_mut().unwrap().insert(header::REFERER, "http://evil.example/x".parse().unwrap());
    assert_eq!(send(&site(), request, EMPTY).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for bad in ["//evil", "/\\evil", "https://evil", "evil", "/a\nb", ""] {
        assert!(super::local(bad).is_none(), "{bad:?}");
    }
}

#[tokio::test]
async fn pages_carry_the_policy_and_unknown_ones_are_404() {
    let site = site();
    let page = get(&site, "/", "").await;
    let policy = header_of(&page, "content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
    assert_eq!(header_of(&page, "cache-control"), "no-cache");
    assert!(policy.contains("style-src 'self';"));
    let html = text(page).await;
    assert!(html.contains(&format!("nonce=\"{nonce}\"")));
    assert!(!html.contains(" style="));
    let missing = get(&site, "/nowhere", "session=x").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(header_of(&missing, "cache-control"), "no-store");
    assert!(text(missing).await.contains("This page does not exist"));
    assert_eq!(get(&site, "/styleguide", "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&site, "/_fn/no/such", "").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_theme_is_kept_in_a_cookie() {
    let site = site();
    let body = "theme=dark&next=%2Fcatalog";
    let request = Request::post("/theme").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = send(&site, request, body).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&answer, "location"), "/catalog");
    assert!(text(get(&site, "/", &cookie_of(&answer)).await).await.contains("data-theme=\"dark\""));
}
