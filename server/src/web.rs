//! Pages, server functions and static files as one router. Layers, from the outside: security
//! headers; then for `/_fn` the form layer (`forms`), for pages the context they read.
//!
//! To give pages more to read, such as the control plane and who is signed in, put it into the
//! extensions of the request by a layer and pass it on in `WebState::provide`.

use std::{
    any::Any,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{Form, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, request::Parts};
use leptos::{
    config::LeptosOptions,
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list};
use mintreu_app::{
    Error,
    assets::Assets,
    document::document,
    flash::PageFlash,
    request::{PageRequest, Theme},
    routes::Pages,
    styleguide,
};
use tower::ServiceExt as _;
use tower_http::{CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::forms::{self, FlashStore};

/// Seconds after which a page that could not be shown may be.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Where the built site is, and the names of its files.
#[derive(Debug, Clone)]
pub(crate) struct SiteFiles {
    pub(crate) root: PathBuf,
    pub(crate) assets: Assets,
}

impl SiteFiles {
    /// Beside the program (`target/release/mintreu` → `target/site`), else in the checkout one
    /// stands in. The list of hashed names lies next to the program.
    pub(crate) fn find() -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        let folder = program.parent().unwrap_or(Path::new(""));
        let beside = folder.parent().map(|target| target.join("site")).filter(|site| site.is_dir());
        Self { root: beside.unwrap_or_else(|| PathBuf::from("target/site")), assets: Assets::read(&folder.join("hash.txt")) }
    }
}

/// Hands what a layer put into the request on to pages and server functions, as context.
pub(crate) type Provide = Arc<dyn Fn(&Parts) + Send + Sync>;

/// What the router needs.
#[derive(Clone)]
pub(crate) struct WebState {
    pub(crate) files: SiteFiles,
    pub(crate) flash: Arc<dyn FlashStore>,
    /// Served under https: HSTS, Secure cookies.
    pub(crate) secure: bool,
    /// Offers `/styleguide`.
    pub(crate) styleguide: bool,
    pub(crate) provide: Provide,
}

/// The router of everything that people look at. `beside` are routes that need to know who asks, as
/// pages do; `identified` finds that out. Files are for anybody: nothing is looked up for them.
pub(crate) fn router(state: WebState, beside: Router, identified: impl FnOnce(Router) -> Router) -> Router {
    let options = LeptosOptions::builder().output_name("mintreu").build();
    let routes = generate_route_list(Pages);
    let context = context(&state);
    let assets = state.files.assets.clone();
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), document);
    let pages = Router::new()
        .leptos_routes_with_context(&options, routes, context, document)
        .with_state(options)
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(state.clone(), forms::outcome))
        .layer(middleware::from_fn_with_state(state.clone(), page_context))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest));
    Router::new()
        .route("/theme", post(theme))
        .merge(static_files(&state.files))
        .with_state(state.clone())
        .fallback_service(identified(beside.fallback_service(pages)))
        .layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| {
            tracing::error!("a request handler panicked");
            forms::problem_page(&Error::internal().0, &assets, &PageRequest::default())
        }))
        .layer(middleware::from_fn_with_state(state, security_headers))
}

/// Context of a page or server function, from the extensions of its request.
fn context(state: &WebState) -> impl Fn() + Clone + Send + Sync + 'static {
    let (assets, provide) = (state.files.assets.clone(), Arc::clone(&state.provide));
    move || {
        provide_context(assets.clone());
        let Some(parts) = use_context::<Parts>() else { return };
        provide_context(parts.extensions.get::<PageRequest>().cloned().unwrap_or_default());
        provide_context(parts.extensions.get::<PageFlash>().cloned().unwrap_or_default());
        provide(&parts);
        if let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce())
            && let Ok(policy) = HeaderValue::from_str(&content_policy(&format!(" 'nonce-{nonce}'")))
        {
            options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// Notes path, query and theme, and takes the flash that waits for this page. A page fetched
/// ahead of a click leaves the flash alone.
async fn page_context(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    if !state.styleguide && request.uri().path().starts_with(styleguide::ROOT) {
        let page = page_request(request.uri(), request.headers());
        return forms::problem_page(&Error::not_found().0, &state.files.assets, &page);
    }
    let headers = request.headers();
    let page = page_request(request.uri(), headers);
    let wanted = request.method() == http::Method::GET && !headers.contains_key("sec-purpose");
    let taken = if wanted { forms::take_flash(&*state.flash, headers, &page.target()).await } else { None };
    let personal = taken.is_some() || has_personal_cookie(headers);
    request.extensions_mut().insert(page);
    request.extensions_mut().insert(PageFlash::new(taken.clone()));
    let mut response = next.run(request).await;
    // A layer that knows better has already said so.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(if personal {
        HeaderValue::from_static("no-store")
    } else {
        HeaderValue::from_static("no-cache")
    });
    if let Some(flash) = taken {
        let cookie = if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            // The page it is for could not be shown.
            forms::leave(&state, flash).await
        } else {
            if flash.status == 503 {
                // What the page tells is that nothing was saved.
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            Some(forms::clear_flash(state.secure))
        };
        response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}

/// Path, query and theme of a request.
pub(crate) fn page_request(uri: &Uri, headers: &HeaderMap) -> PageRequest {
    PageRequest {
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        theme: Theme::from_name(cookie(headers, "theme").unwrap_or_default()),
    }
}

/// Whether the answer may be about somebody: any cookie but the theme's.
fn has_personal_cookie(headers: &HeaderMap) -> bool {
    cookies(headers).any(|(name, _)| name != "theme")
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find_map(|(key, value)| (key == name).then_some(value))
}

fn content_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Headers of every answer; what an inner layer set stays.
async fn security_headers(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&content_policy("")) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
    }
    if state.secure {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    response
}

/// What the build made, under hashed names that may be kept for ever, and the few files with fixed
/// names.
fn static_files(files: &SiteFiles) -> Router<WebState> {
    let serve = |folder: &str| ServeDir::new(files.root.join(folder)).precompressed_br().precompressed_gzip();
    let root = serve("");
    let single = |age: &'static str| {
        let root = root.clone();
        move |request: Request<Body>| serve_file(root.clone(), request, age)
    };
    Router::new()
        .nest_service("/pkg", serve("pkg"))
        .layer(middleware::map_response(keep_for_ever))
        .route("/icons.svg", axum::routing::get(single("public, max-age=31536000, immutable")))
        .route("/favicon.svg", axum::routing::get(single("public, max-age=86400")))
}

async fn serve_file(root: ServeDir, request: Request<Body>, age: &'static str) -> Response {
    let response = root.oneshot(request).await.into_response();
    cached(response.map(Body::new), age)
}

async fn keep_for_ever(response: Response) -> Response {
    cached(response, "public, max-age=31536000, immutable")
}

fn cached(mut response: Response, age: &'static str) -> Response {
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(age));
        // The same address gives Brotli, gzip or neither.
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// The form of the theme, for browsers without scripts.
#[derive(serde::Deserialize)]
struct ThemeForm {
    theme: String,
    #[serde(default)]
    next: String,
}

async fn theme(State(state): State<WebState>, headers: HeaderMap, Form(form): Form<ThemeForm>) -> Response {
    if forms::is_cross_site(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let theme = Theme::from_name(&form.theme).as_str();
    let secure = if state.secure { "; Secure" } else { "" };
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to(forms::local(&form.next).unwrap_or("/"))).into_response()
}
