//! A browser without a screen: the whole router of the program, called without a socket.

use axum::{
    Extension, Router,
    body::Body,
    http::{HeaderMap, Request, header, request::Builder},
};
use http_body_util::BodyExt as _;
use mintreu::config::Config;
use mintreu_gateway::{ConnInfo, Durability};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use mintreu_control_testing::Bench;

pub const HOST: &str = "platform.test";
pub const HTML: &str = "text/html,application/xhtml+xml";
pub const JSON: &str = "application/json";

pub struct Site(Router);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body, where it is JSON.
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// `name=value` of the cookie that the answer sets; empty for none.
    pub fn cookie(&self, name: &str) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = set.filter_map(|cookie| cookie.split(';').next()).filter(|pair| pair.starts_with(&format!("{name}=")));
        pairs.next().unwrap_or_default().to_owned()
    }

    /// For how many seconds the cookie is set; none when it is not.
    pub fn max_age(&self, name: &str) -> Option<i64> {
        let mut set = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookie = set.rfind(|cookie| cookie.starts_with(&format!("{name}=")))?;
        cookie.split(';').find_map(|part| part.trim().strip_prefix("Max-Age=")?.parse().ok())
    }

    /// Status and code of the problem.
    pub fn problem(&self) -> (u16, &str) {
        (self.status, self.json["code"].as_str().unwrap_or_default())
    }
}

impl Site {
    pub fn new(bench: &Bench) -> Self {
        let config = Config {
            bind: ([127, 0, 0, 1], 0).into(),
            public_url: format!("http://{HOST}"),
            keyring: bench.config.data_dir.join("keyring"),
            data_dir: bench.config.data_dir.clone(),
            database_url: bench.url.clone(),
            app_database_url: bench.config.app_database_url.clone(),
            redis: None,
            api_host: None,
            journal_durability: Durability::default(),
            answer_cache: 1 << 20,
            grant_cache: 1_000,
            smtp_url: None,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            log: None,
            test_clock: true,
            allow_link_local_services: false,
            service_ca: None,
            tls: None,
        };
        let gateway = mintreu::plane::gateway(&bench.control, &config).unwrap();
        let router = mintreu::serve::router(&config, &bench.control, &gateway, CancellationToken::new());
        Self(router.layer(Extension(ConnInfo { peer: ([127, 0, 0, 1], 40_000).into() })))
    }

    pub async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        let answer = self.0.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// Opens a page.
    pub async fn open(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, HOST).header(header::ACCEPT, HTML).header(header::COOKIE, cookie);
        self.send(request, Body::empty()).await
    }

    /// Sends a form as a script does.
    pub async fn post(&self, function: &str, cookie: &str, fields: &str) -> Answer {
        let request = form(function).header(header::ACCEPT, JSON).header(header::COOKIE, cookie);
        self.send(request, encode(fields)).await
    }

    /// Sends the form of a page as a browser without scripts does.
    pub async fn submit(&self, page: &str, function: &str, cookie: &str, fields: &str) -> Answer {
        let request = form(function).header(header::ACCEPT, HTML).header(header::COOKIE, cookie);
        self.send(request.header(header::REFERER, format!("http://{HOST}{page}")), encode(fields)).await
    }
}

/// A post to a server function, of this site.
pub fn form(function: &str) -> Builder {
    Request::post(format!("/_fn/{function}"))
        .header(header::HOST, HOST)
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// `name=Two words&config.currency=EUR` as a form sends it; `!product=orders` is an argument beside
/// the form.
pub fn encode(fields: &str) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.split('&').filter_map(|pair| pair.split_once('=')) {
        match name.strip_prefix('!') {
            Some(argument) => encoded.append_pair(argument, value),
            None => encoded.append_pair(&format!("form[{}]", name.replace('.', "][")), value),
        };
    }
    encoded.finish()
}
