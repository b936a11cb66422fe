//! A running shop beside a stand-in for the platform, with one application on each engine.

use std::path::PathBuf;

use mintreu_kit::testing::{TestPlatform, spawn};
use mintreu_kit::{Config, new_id};
use mintreu_testing::Postgres;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const SLUG: &str = "ecommerce-service";

/// An application of the shop, as its client and as the platform see it.
pub(crate) struct Shop {
    pub(crate) platform: TestPlatform,
    pub(crate) service: String,
    pub(crate) application: String,
    pub(crate) database: String,
    client: Client,
    file: Option<PathBuf>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            mintreu_testing::tally(if self.file.is_some() { "sqlite" } else { "postgres" });
        }
        if let Some(file) = &self.file {
            for end in ["", "-wal", "-shm"] {
                _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
        }
    }
}

/// Memory where there is some: `SQLite` waits for the disk at every commit.
fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// Status and body of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let problem = response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
        let text = response.text().await.expect("a body");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        assert_eq!(problem, status >= 400, "{text}");
        Self { status, body }
    }

    /// The body, which must have come with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks status and code of a refusal.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        self.body
    }

    /// Checks that exactly these fields are refused, as `field code`.
    #[track_caller]
    pub(crate) fn wrong(self, fields: &[&str]) {
        let body = self.refused(422, "validation_failed");
        let errors = body["errors"].as_array().expect("the fields");
        let text = |error: &Value, key: &str| error[key].as_str().expect("text").to_owned();
        let named: Vec<String> = errors.iter().map(|error| format!("{} {}", text(error, "field"), text(error, "code"))).collect();
        assert_eq!(named, fields);
    }
}

impl Shop {
    /// A provisioned shop on each engine, with the sample products.
    pub(crate) async fn both() -> [Self; 2] {
        let shops = Self::unprovisioned().await;
        for shop in &shops {
            shop.provision(&json!({ "store_name": "Corner shop" })).await.expect(201);
        }
        shops
    }

    /// An application without a shop on each engine.
    pub(crate) async fn unprovisioned() -> [Self; 2] {
        let platform = TestPlatform::start().await.expect("loopback is there");
        let router = mintreu_shop::router(Config::new(SLUG, platform.url()));
        let service = spawn(router).await.expect("loopback is there");
        let file = scratch().join(format!("{}.db", new_id("shop")));
        let client = Client::new();
        [
            Self {
                platform: platform.clone(),
                service: service.clone(),
                application: new_id("app"),
                database: format!("sqlite:{}", file.display()),
                client: client.clone(),
                file: Some(file),
            },
            Self {
                platform,
                service,
                application: new_id("app"),
                database: Postgres::shared().create_database("shop").await,
                client,
                file: None,
            },
        ]
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.service))
            .header("mintreu-identity", self.platform.identity(SLUG, &self.application, Some(&self.database)))
            .header("mintreu-database-url", &self.database)
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(method, path).json(body).send().await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.expect("an answer")).await
    }

    pub(crate) async fn provision(&self, config: &Value) -> Answer {
        let body = json!({
            "tenant": format!("ten_of_{}", self.application), "product": "ecommerce", "plan": "pro",
            "config": config, "database": { "url": self.database },
        });
        self.lifecycle(Method::PUT, &body).await
    }

    pub(crate) async fn lifecycle(&self, method: Method, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let identity = self.platform.lifecycle_identity(SLUG, &self.application, Some(&self.database), body.as_bytes());
        let response = self
            .client
            .request(method, format!("{}/.mintreu/v1/applications/{}", self.service, self.application))
            .header("mintreu-identity", identity)
            .header("mintreu-database-url", &self.database)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .expect("an answer");
        Answer::of(response).await
    }

    /// Adds a product at 12.50 EUR.
    pub(crate) async fn product(&self, sku: &str, stock: i64) -> Value {
        let price = json!({ "amount": 1250, "currency": "EUR" });
        let body = json!({ "sku": sku, "name": format!("Product {sku}"), "price": price, "stock": stock });
        self.post("/v1/products", &body).await.expect(201)
    }

    pub(crate) async fn stock(&self, sku: &str) -> i64 {
        let product = self.get(&format!("/v1/products/{sku}")).await.expect(200);
        product["stock"].as_i64().expect("a number")
    }

    pub(crate) async fn order(&self, sku: &str, quantity: i64) -> Answer {
        self.post("/v1/orders", &json!({ "items": [{ "sku": sku, "quantity": quantity }] })).await
    }
}
