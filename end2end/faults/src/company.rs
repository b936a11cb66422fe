//! A service, a product on it, a tenant with an application: what most cases begin with.

use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    echo::Echo,
    platform::{Api, Platform, eventually},
};

/// A rate per second and a burst that no test comes up to.
const FAST: (u32, u32) = (100_000, 100_000);

/// A client of the gateway with one key.
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Client,
    pub url: String,
    pub id: String,
    pub secret: String,
}

impl Caller {
    /// The same key at another replica, once that one has heard of the product.
    pub async fn at(&self, platform: &Platform) -> Self {
        let there = Self { client: Client::new(), url: format!("{}/products/echo", platform.place.url), ..self.clone() };
        let unnamed = async || there.client.get(format!("{}/v1/echo/x", there.url)).send().await.unwrap().status();
        eventually("the replica has heard of the product", async || unnamed().await == 401).await;
        there
    }

    pub async fn call(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.url)).basic_auth(&self.id, Some(&self.secret));
        request.header("mintreu-tenant", "ten_forged").send().await.unwrap()
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.call(path).await.status().as_u16()
    }

    pub async fn code(&self, path: &str) -> (u16, String) {
        let answer = self.call(path).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }
}

#[derive(Debug)]
pub struct Company {
    pub echo: Echo,
    pub owner: Api,
    /// Path of the tenant in the REST API.
    pub tenant: String,
    pub subscription: String,
}

impl Company {
    /// `quota` requests a month, hard stop, as fast as one likes.
    pub async fn open(platform: &Platform, quota: u64, database: &str, lifecycle: bool) -> Self {
        Self::offering(platform, quota, &Value::Null, FAST, database, lifecycle).await
    }

    /// The same with a rate per second and a burst.
    pub async fn limited(platform: &Platform, quota: u64, rate: (u32, u32)) -> Self {
        Self::offering(platform, quota, &Value::Null, rate, "none", false).await
    }

    /// One request is included, and each further one costs, so that no call waits for a quota.
    pub async fn metered(platform: &Platform) -> Self {
        Self::offering(platform, 1, &json!({"amount": 10, "currency": "EUR"}), FAST, "none", false).await
    }

    async fn offering(
        platform: &Platform,
        quota: u64,
        overage: &Value,
        (rate, burst): (u32, u32),
        database: &str,
        lifecycle: bool,
    ) -> Self {
        let echo = Echo::start();
        let admin = &platform.admin;
        let service = json!({"slug": "echo-service", "name": "Echo", "base_urls": [echo.url], "database": database, "lifecycle": lifecycle,
            "routes": [{"methods": ["GET", "POST"], "path": "/v1/echo/{*rest}"}]});
        admin.post("/admin/services", service).await.expect(201);
        let product = json!({"slug": "echo", "name": "Echo API", "kind": "api", "service": "echo-service", "summary": "Says it again."});
        admin.post("/admin/products", product).await.expect(201);
        let plan = json!({"code": "free", "name": "Free", "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "trial_days": 0,
            "included_requests": quota, "overage_price_per_1000": overage, "rate_per_second": rate, "burst": burst, "max_applications": 5, "features": []});
        admin.post("/admin/products/echo/plans", plan).await.expect(201);
        admin.post("/admin/products/echo/publish", json!({})).await.expect(200);
        let owner = platform.person("ines@people.test").await;
        let (tenant, subscription) = subscribe(&owner, "Fjordline Goods").await;
        Self { echo, owner, tenant, subscription }
    }

    /// Provisions an application and waits until it answers.
    pub async fn application(&self, platform: &Platform, name: &str) -> (String, Caller) {
        let (path, caller) = request_application(platform, &self.owner, &self.tenant, name).await;
        settled(&self.owner, &path, "active").await;
        (path, caller)
    }
}

pub async fn subscribe(owner: &Api, name: &str) -> (String, String) {
    let made = owner.post("/tenants", json!({ "name": name })).await.expect(201);
    let tenant = format!("/tenants/{}", made["id"].as_str().unwrap());
    let made = owner.post(&format!("{tenant}/subscriptions"), json!({"product": "echo", "plan": "free"})).await.expect(201);
    (tenant, made["id"].as_str().unwrap().to_owned())
}

pub async fn request_application(platform: &Platform, owner: &Api, tenant: &str, name: &str) -> (String, Caller) {
    let made = owner.post(&format!("{tenant}/applications"), json!({"product": "echo", "name": name})).await.expect(202);
    (format!("{tenant}/applications/{}", made["id"].as_str().unwrap()), caller(platform, &made["key"]))
}

/// Who calls with that key.
pub fn caller(platform: &Platform, key: &Value) -> Caller {
    Caller {
        client: Client::new(),
        url: format!("{}/products/echo", platform.place.url),
        id: key["client_id"].as_str().unwrap().to_owned(),
        secret: key["client_secret"].as_str().unwrap().to_owned(),
    }
}

pub async fn settled(owner: &Api, path: &str, status: &str) {
    eventually(&format!("the application is {status}"), async || owner.get(path).await.body["status"] == status).await;
}
