//! A small company made through the REST API: a super admin, a service with a published product,
//! people.

use axum::{Router, routing};
use serde_json::{Value, json};

use crate::api::Api;
use mintreu_control_testing::{Bench, PASSWORD, mail_token};

pub struct World {
    pub api: Api,
    /// Token of the super admin.
    pub admin: String,
}

/// Something to sell: answers everything, needs no making of its own.
async fn service() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(routing::any(|| async { axum::Json(json!({"ok": true})) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

pub async fn world(bench: &Bench) -> World {
    bench.admin().await;
    let api = Api::new(bench);
    let admin = log_in(&api, "root@platform.test").await;
    World { api, admin }
}

pub async fn log_in(api: &Api, email: &str) -> String {
    let form = json!({"email": email, "password": PASSWORD, "name": "test"});
    text(&api.post("/tokens", "", form).await.expect(201)["token"])
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl World {
    /// A registered and verified person's token.
    pub async fn person(&self, name: &str) -> String {
        let email = format!("{name}@people.test");
        self.api.post("/users", "", json!({"name": name, "email": email, "password": PASSWORD})).await.expect(202);
        let mail = self.api.get(&format!("/admin/mail?q={name}%40people.test"), &self.admin).await.expect(200);
        let token = mail_token(mail["data"][0]["text"].as_str().unwrap());
        self.api.post("/users/verify", "", json!({"token": token})).await.expect(200);
        log_in(&self.api, &email).await
    }

    /// A tenant's id.
    pub async fn tenant(&self, owner: &str, name: &str) -> String {
        text(&self.api.post("/tenants", owner, json!({"name": name})).await.expect(201)["id"])
    }

    /// A published product `orders` with the plan `pro`, behind the service `orders`.
    pub async fn product(&self) {
        let base = service().await;
        let form = json!({
            "slug": "orders", "name": "Orders", "base_urls": [base], "routes": [{"methods": ["*"], "path": "/v1/{*rest}"}],
            "database": "none", "lifecycle": false, "health_path": "/healthz", "timeout_ms": 5000,
        });
        self.api.post("/admin/services", &self.admin, form).await.expect(201);
        let schema = json!({"type": "object", "properties": {"currency": {"type": "string", "enum": ["EUR", "USD"], "default": "EUR"}}, "additionalProperties": false});
        let form = json!({"slug": "orders", "name": "Orders", "kind": "api", "service": "orders", "summary": "Takes orders", "config_schema": schema});
        self.api.post("/admin/products", &self.admin, form).await.expect(201);
        let form = json!({
            "code": "pro", "name": "Pro", "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "included_requests": 1000,
            "overage_price_per_1000": null, "rate_per_second": 50, "burst": 100, "max_applications": 3, "features": ["Everything"],
        });
        self.api.post("/admin/products/orders/plans", &self.admin, form).await.expect(201);
        self.api.post("/admin/products/orders/publish", &self.admin, Value::Null).await.expect(200);
    }

    pub async fn subscribe(&self, tenant: &str, token: &str) -> Value {
        self.api.post(&format!("/tenants/{tenant}/subscriptions"), token, json!({"product": "orders", "plan": "pro"})).await.expect(201)
    }

    pub async fn provision(&self, tenant: &str, token: &str, name: &str) -> Value {
        self.api.post(&format!("/tenants/{tenant}/applications"), token, json!({"product": "orders", "name": name})).await.expect(202)
    }
}
