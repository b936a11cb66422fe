//! A service for tests: it takes the lifecycle calls, keeps what it heard, and answers what it
//! was told to, 201 to a PUT and 200 to all else otherwise.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use mintreu_control::{Permitted, access::Right};
use mintreu_model::{
    form::{
        catalogue::{CreatePlan, CreateProduct, CreateService},
        subscription::Subscribe,
        upstream::Upstream,
    },
    id::SubscriptionId,
    money::{Currency, Money},
    status::{DatabaseMode, PlanInterval, ProductKind},
};
use serde_json::{Value, json};

use crate::Bench;

/// A call as it came in.
#[derive(Debug, Clone)]
pub struct Heard {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Heard {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What to answer once.
#[derive(Debug, Clone)]
pub enum Say {
    Status(u16, Value),
    /// With `Retry-After`.
    Later(u16, Value, u64),
    /// Never.
    Silence,
}

#[derive(Debug, Default)]
struct Script {
    heard: Vec<Heard>,
    answers: VecDeque<Say>,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub url: String,
    script: Arc<Mutex<Script>>,
}

impl Service {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// Answers the next calls in this order.
    pub fn say(&self, answers: impl IntoIterator<Item = Say>) {
        self.script.lock().unwrap().answers.extend(answers);
    }

    /// Forgets what it was told to answer.
    pub fn relent(&self) {
        self.script.lock().unwrap().answers.clear();
    }

    /// Every call so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.script.lock().unwrap().heard.clone()
    }

    /// Their methods.
    pub fn methods(&self) -> Vec<String> {
        self.heard().iter().map(|heard| heard.method.to_string()).collect()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let default = if method == Method::PUT { 201 } else { 200 };
    let said = {
        let mut script = script.lock().unwrap();
        script.heard.push(Heard { method, uri, headers, body });
        script.answers.pop_front().unwrap_or(Say::Status(default, json!({})))
    };
    let status = |code| StatusCode::from_u16(code).unwrap();
    match said {
        Say::Status(code, body) => (status(code), axum::Json(body)).into_response(),
        Say::Later(code, body, seconds) => (status(code), [(header::RETRY_AFTER, seconds.to_string())], axum::Json(body)).into_response(),
        Say::Silence => std::future::pending().await,
    }
}

/// A published product on the service, with one plan `pro` for two applications.
pub async fn product(bench: &Bench, slug: &str, url: &str, database: DatabaseMode, lifecycle: bool) {
    let operator = bench.operator().await;
    let service = CreateService {
        slug: format!("{slug}-service"),
        name: "Shop".into(),
        base_urls: vec![url.into()],
        routes: vec![serde_json::from_value(json!({ "methods": ["*"], "path": "/{*rest}" })).unwrap()],
        database,
        lifecycle,
        health_path: None,
        timeout_ms: 5_000,
        http2: false,
        upstream: Upstream::default(),
    };
    bench.create_service(&operator, &service).await.unwrap();
    let product = CreateProduct {
        slug: slug.into(),
        name: "Shop".into(),
        kind: ProductKind::Api,
        service: Some(service.slug),
        summary: "Orders".into(),
        description: String::new(),
        config_schema: Some(json!({ "type": "object", "properties": { "currency": { "type": "string", "default": "EUR" } } })),
        cache_responses: false,
    };
    bench.create_product(&operator, &product).await.unwrap();
    let plan = CreatePlan {
        code: "pro".into(),
        name: "Pro".into(),
        interval: PlanInterval::Month,
        price: Money::new(0, Currency::Eur),
        trial_days: 0,
        included_requests: 1_000,
        overage_price_per_1000: None,
        rate_per_second: 10,
        burst: 20,
        max_applications: 2,
        max_request_bytes: None,
        max_response_bytes: None,
        features: Vec::new(),
    };
    bench.create_plan(&operator, slug, &plan).await.unwrap();
    bench.publish_product(&operator, slug).await.unwrap();
}

/// Subscribes the tenant to the product's plan.
pub async fn subscription<R: Right>(bench: &Bench, who: &Permitted<R>, product: &str) -> SubscriptionId {
    let form = Subscribe { product: product.into(), plan: "pro".into() };
    bench.subscribe(&who.also().unwrap(), &form).await.unwrap().id
}
