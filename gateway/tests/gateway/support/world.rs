//! A gateway with a listener, and the control plane that it would have, in memory.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full};
use mintreu_gateway::{
    ApplicationStatus, BoxBody, Catalogue, ConnInfo, Control, Gateway, Grant, Listener, PolicySource, ProductPolicy, QuotaGrant, Segment,
    ServicePolicy, Settings, SigningKey, SigningKeys, SourceUnavailable, UsageRecord, UsageSink,
};
use mintreu_model::{
    credential::{generate_client_id, generate_secret},
    id::{ApiKeyId, ApplicationId, ProductId, ServiceId, SubscriptionId, TenantId},
    route::RouteRule,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Answer, Client, Service, eventually, http2::Http2};

/// A key as its owner has it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

impl Key {
    pub(crate) fn number(number: u8) -> Self {
        Self { client_id: generate_client_id([number; 16]), secret: generate_secret([number; 20]) }
    }

    /// The whole header line.
    pub(crate) fn basic(&self) -> String {
        let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.secret));
        format!("Authorization: Basic {pair}\r\n")
    }
}

/// What the control plane would know, and how it fails.
pub(crate) struct Plane {
    pub(crate) grants: Mutex<HashMap<String, Grant>>,
    pub(crate) away: AtomicBool,
    pub(crate) asked: AtomicUsize,
    /// Each question takes a permit; none left: it waits.
    pub(crate) gate: Semaphore,
    pub(crate) refuse_usage: AtomicUsize,
    /// Segments by id, with how often each was offered.
    pub(crate) segments: Mutex<HashMap<String, (usize, Vec<UsageRecord>)>>,
    pub(crate) now: Mutex<DateTime<Utc>>,
}

impl PolicySource for Plane {
    fn grant<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<Grant>, SourceUnavailable>> {
        async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.away.load(Ordering::SeqCst) {
                return Err(SourceUnavailable);
            }
            let grant = self.grants.lock().unwrap().get(client_id).cloned();
            self.gate.acquire().await.unwrap().forget();
            self.gate.add_permits(1);
            Ok(grant)
        }
        .boxed()
    }
}

impl UsageSink for Plane {
    fn accept<'a>(&'a self, segment: &'a Segment) -> BoxFuture<'a, Result<(), SourceUnavailable>> {
        async move {
            let mut segments = self.segments.lock().unwrap();
            let (offered, records) = segments.entry(segment.id.to_string()).or_default();
            *offered += 1;
            *records = segment.records.clone();
            let refuse = |left: usize| left.checked_sub(1);
            match self.refuse_usage.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse) {
                Ok(_) => Err(SourceUnavailable),
                Err(_) => Ok(()),
            }
        }
        .boxed()
    }
}

/// Answers with its name, and streams without end under `/endless`.
pub(crate) struct Dashboard {
    pub(crate) running: Arc<AtomicUsize>,
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Control for Dashboard {
    fn call(&self, request: http::Request<hyper::body::Incoming>, connection: ConnInfo) -> BoxFuture<'static, http::Response<BoxBody>> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let running = Running(Arc::clone(&self.running));
        async move {
            let _running = running;
            if request.uri().path() == "/endless" {
                std::future::pending::<()>().await;
            }
            assert!(connection.peer.ip().is_loopback());
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
            let text = Bytes::from(format!("dashboard {path} {body}"));
            http::Response::new(Full::new(text).map_err(|never| match never {}).boxed_unsync())
        }
        .boxed()
    }
}

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) plane: Arc<Plane>,
    pub(crate) address: SocketAddr,
    pub(crate) key: Key,
    pub(crate) dashboard: Arc<AtomicUsize>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    service: ServicePolicy,
}

pub(crate) fn routes(json: &str) -> Vec<RouteRule> {
    serde_json::from_str(json).unwrap()
}

impl World {
    /// A gateway in front of `service`, with one good key for the product `shop`.
    pub(crate) fn new(service: &Service) -> Self {
        Self::with(service, |_| {}, |_| {})
    }

    pub(crate) fn with(service: &Service, settings: impl FnOnce(&mut Settings), policy: impl FnOnce(&mut ServicePolicy)) -> Self {
        let mut settings_value = Settings { workers: 2, shared_host: false, drain: Duration::from_secs(2), ..Settings::default() };
        settings(&mut settings_value);
        let mut service = ServicePolicy {
            id: ServiceId(Uuid::from_u128(1)),
            slug: "shop-service".to_owned(),
            base_urls: vec![format!("http://{}", service.address).parse().unwrap()],
            routes: routes(r#"[{"methods":["*"],"path":"/{*rest}"}]"#),
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            wants_database: true,
            http2: false,
        };
        policy(&mut service);
        let plane = Arc::new(Plane {
            grants: Mutex::default(),
            away: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(1000),
            refuse_usage: AtomicUsize::new(0),
            segments: Mutex::default(),
            now: Mutex::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)),
        });
        let clock_of = Arc::clone(&plane);
        let keys = SigningKeys {
            active: SigningKey { kid: "now".to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&[9; 32]) },
            previous: Vec::new(),
        };
        let workers = settings_value.workers;
        let gateway = Gateway::new(
            settings_value,
            keys,
            Arc::clone(&plane) as _,
            Arc::clone(&plane) as _,
            Arc::new(move || *clock_of.now.lock().unwrap()),
        );
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), workers).unwrap();
        let address = listener.local_addr();
        let stop = CancellationToken::new();
        let dashboard = Arc::<AtomicUsize>::default();
        let control = Arc::new(Dashboard { running: Arc::clone(&dashboard) });
        let (serving, until) = (gateway.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let handle = runtime.handle().clone();
            runtime.block_on(listener.serve(serving, control, handle, until)).unwrap();
        });
        let world = Self { gateway, plane, address, key: Key::number(1), dashboard, stop, thread: Some(thread), service };
        world.publish(|_| {});
        world.issue(&world.key, |_| {});
        world
    }

    /// Publishes the catalogue: `shop`, and `blog` on the same service.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut ServicePolicy)) {
        let mut service = self.service.clone();
        change(&mut service);
        let service = Arc::new(service);
        let product = |number, slug: &str| ProductPolicy {
            id: ProductId(Uuid::from_u128(number)),
            slug: slug.to_owned(),
            service: Arc::clone(&service),
        };
        self.gateway.set_catalogue([product(1, "shop"), product(2, "blog")].into_iter().collect::<Catalogue>());
    }

    /// Writes a grant for the key, without telling the gateway.
    pub(crate) fn issue(&self, key: &Key, change: impl FnOnce(&mut Grant)) {
        let now = *self.plane.now.lock().unwrap();
        let mut grant = Grant {
            key_id: ApiKeyId(Uuid::from_u128(1)),
            application_id: ApplicationId(Uuid::from_u128(1)),
            tenant_id: TenantId(Uuid::from_u128(1)),
            subscription_id: SubscriptionId(Uuid::from_u128(1)),
            product_id: ProductId(Uuid::from_u128(1)),
            client_id: key.client_id.clone(),
            secret_sha256: Sha256::digest(&key.secret).into(),
            key_expires_at: None,
            key_revoked: false,
            scopes: Vec::new(),
            allowed_ips: Vec::new(),
            product_slug: "shop".to_owned(),
            plan_code: "pro".to_owned(),
            application_status: ApplicationStatus::Active,
            tenant_suspended: false,
            subscription_live: true,
            rate_per_second: 1_000_000,
            burst: 1_000_000,
            quota: QuotaGrant {
                period_start: now - TimeDelta::days(10),
                period_end: now + TimeDelta::days(20),
                included: 1_000_000,
                hard_stop: true,
                used: 0,
            },
            database_url: Some("sqlite:///data/app.db".into()),
        };
        change(&mut grant);
        self.plane.grants.lock().unwrap().insert(key.client_id.clone(), grant);
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request with the world's key on a connection of its own.
    pub(crate) fn call(&self, method: &str, path: &str) -> Answer {
        self.call_with(method, path, &self.key.basic(), "")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path)
    }

    /// A call in HTTP/2, with the world's key.
    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let (name, value) = self.key.basic().trim().split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        http::Request::builder().method(method).uri(format!("http://gw{path}")).header(name, value)
    }

    pub(crate) fn http2(&self) -> Http2 {
        Http2::connect(self.address)
    }

    /// `lines` are whole header lines.
    pub(crate) fn call_with(&self, method: &str, path: &str, lines: &str, body: &str) -> Answer {
        let mut client = self.client();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        client.send(format!("{method} {path} HTTP/1.1\r\nHost: gw\r\n{lines}{length}\r\n{body}"));
        client.receive()
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        let mut now = self.plane.now.lock().unwrap();
        *now += by;
    }

    /// Everything recorded so far, each record once.
    pub(crate) fn usage(&self) -> Vec<UsageRecord> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.gateway.flush());
        let segments = self.plane.segments.lock().unwrap();
        segments.values().flat_map(|(_, records)| records.clone()).collect()
    }

    /// Waits until so many calls are recorded, and none is under way.
    pub(crate) fn usage_of(&self, count: usize) -> Vec<UsageRecord> {
        eventually("usage records", || self.gateway.snapshot().in_flight == 0 && self.usage().len() >= count);
        let usage = self.usage();
        assert_eq!(usage.len(), count, "{usage:?}");
        usage
    }

    pub(crate) fn stop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn begin_stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
