//! A service, a product on it, a tenant with an application: what most cases begin with.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use reqwest::Client;
use serde_json::{Value, json};

use crate::platform::{Api, Platform, eventually};

/// A service that tells what it was given. While `away` it answers 503 to everything.
#[derive(Clone)]
pub(crate) struct Echo {
    pub(crate) url: String,
    pub(crate) away: Arc<AtomicBool>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo = Self { url: format!("http://{}", listener.local_addr().unwrap()), away: Arc::default() };
        let router = Router::new().fallback(answer).with_state(Arc::clone(&echo.away));
        tokio::spawn(async { axum::serve(listener, router).await });
        echo
    }
}

async fn answer(State(away): State<Arc<AtomicBool>>, uri: Uri, headers: HeaderMap) -> Response {
    if away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let told = json!({
        "path": uri.path(),
        "application": header("mintreu-application"),
        "tenant": header("mintreu-tenant"),
        "database": header("mintreu-database-url"),
        "authorization": header("authorization"),
    });
    Json(told).into_response()
}

/// A client of the gateway with one key.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Caller {
    pub(crate) async fn call(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.url)).basic_auth(&self.id, Some(&self.secret));
        request.header("mintreu-tenant", "ten_forged").send().await.unwrap()
    }

    pub(crate) async fn status(&self, path: &str) -> u16 {
        self.call(path).await.status().as_u16()
    }

    pub(crate) async fn code(&self, path: &str) -> (u16, String) {
        let answer = self.call(path).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }
}

pub(crate) struct Company {
    pub(crate) echo: Echo,
    pub(crate) owner: Api,
    /// Path of the tenant in the REST API.
    pub(crate) tenant: String,
    pub(crate) subscription: String,
}

impl Company {
    /// `quota` requests a month, hard stop.
    pub(crate) async fn open(platform: &Platform, quota: u64, database: &str, lifecycle: bool) -> Self {
        let echo = Echo::start().await;
        let admin = &platform.admin;
        let service = json!({"slug": "echo-service", "name": "Echo", "base_urls": [echo.url], "database": database, "lifecycle": lifecycle,
            "routes": [{"methods": ["GET"], "path": "/v1/echo/{*rest}"}]});
        admin.post("/admin/services", service).await.expect(201);
        let product = json!({"slug": "echo", "name": "Echo API", "kind": "api", "service": "echo-service", "summary": "Says it again."});
        admin.post("/admin/products", product).await.expect(201);
        let plan = json!({"code": "free", "name": "Free", "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "trial_days": 0,
            "included_requests": quota, "overage_price_per_1000": null, "rate_per_second": 100_000, "burst": 100_000, "max_applications": 5, "features": []});
        admin.post("/admin/products/echo/plans", plan).await.expect(201);
        admin.post("/admin/products/echo/publish", json!({})).await.expect(200);
        let owner = platform.person("ines@people.test").await;
        let (tenant, subscription) = subscribe(&owner, "Fjordline Goods").await;
        Self { echo, owner, tenant, subscription }
    }

    /// Provisions an application and waits until it answers.
    pub(crate) async fn application(&self, platform: &Platform, name: &str) -> (String, Caller) {
        let (path, caller) = request_application(platform, &self.owner, &self.tenant, name).await;
        settled(&self.owner, &path, "active").await;
        (path, caller)
    }
}

pub(crate) async fn subscribe(owner: &Api, name: &str) -> (String, String) {
    let made = owner.post("/tenants", json!({ "name": name })).await.expect(201);
    let tenant = format!("/tenants/{}", made["id"].as_str().unwrap());
    let made = owner.post(&format!("{tenant}/subscriptions"), json!({"product": "echo", "plan": "free"})).await.expect(201);
    (tenant, made["id"].as_str().unwrap().to_owned())
}

pub(crate) async fn request_application(platform: &Platform, owner: &Api, tenant: &str, name: &str) -> (String, Caller) {
    let made = owner.post(&format!("{tenant}/applications"), json!({"product": "echo", "name": name})).await.expect(202);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let caller = Caller {
        client: Client::new(),
        url: format!("{}/products/echo", platform.place.url),
        id: text(&made["key"]["client_id"]),
        secret: text(&made["key"]["client_secret"]),
    };
    (format!("{tenant}/applications/{}", text(&made["id"])), caller)
}

pub(crate) async fn settled(owner: &Api, path: &str, status: &str) {
    eventually(&format!("the application is {status}"), async || owner.get(path).await.body["status"] == status).await;
}
