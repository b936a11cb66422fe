//! A browser without scripts: keeps cookies, posts forms, and follows no redirect by itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, header, redirect::Policy};

use crate::platform::PASSWORD;

#[derive(Debug)]
pub struct Visitor {
    client: Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

/// A page as it came.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
    pub took: Duration,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Visitor {
    pub fn new(url: &str) -> Self {
        Self { client: Client::builder().redirect(Policy::none()).build().unwrap(), url: url.to_owned(), cookies: BTreeMap::new() }
    }

    pub async fn logged_in(url: &str, email: &str) -> Self {
        let mut visitor = Self::new(url);
        let answer = visitor.post("/login", "/_fn/account/log_in", &[("form[email]", email), ("form[password]", PASSWORD)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/dashboard"), "{}", answer.text);
        visitor
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    /// Sends the form with that action from the page it is on.
    pub async fn post(&mut self, page: &str, action: &str, form: &[(&str, &str)]) -> Page {
        let request = self.client.post(format!("{}{action}", self.url)).form(form);
        let request = request.header(header::ORIGIN, &self.url).header(header::REFERER, format!("{}{page}", self.url));
        self.send(request.header(header::ACCEPT, "text/html")).await
    }

    pub fn has_cookie(&self, name: &str) -> bool {
        self.cookies.contains_key(name)
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let began = Instant::now();
        let response = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = response.text().await.unwrap();
        Page { status, headers, text, took: began.elapsed() }
    }
}
