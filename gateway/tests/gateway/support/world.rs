//! A gateway with a listener, and the control plane that it would have, in memory.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full};
use mintreu_gateway::{
    ApplicationStatus, BoxBody, Catalogue, Certificates, ConnInfo, Control, Gateway, Grant, LeaseGranted, LeaseRequest, Listener, Part,
    PolicySource, ProductPolicy, QuotaGrant, Refused, RequestBody, ServicePolicy, Settings, SigningKey, SigningKeys, SourceUnavailable,
    TakeUnits, UpstreamPolicy, UsageBatch, UsageRecord, UsageSink,
};
use mintreu_model::{
    credential::{generate_client_id, generate_secret},
    id::{ApiKeyId, ApplicationId, ProductId, SegmentId, ServiceId, SubscriptionId, TenantId},
    route::RouteRule,
    status::AddressState,
    view::HealthView,
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
    /// The same for answers about leases, which are given by then.
    pub(crate) lease_gate: Semaphore,
    pub(crate) counted: Arc<Counted>,
    /// Units of the only quota that no process holds.
    pub(crate) unleased: Mutex<u64>,
    /// How often units were to go back while nobody took them.
    pub(crate) refused_units: AtomicUsize,
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

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> BoxFuture<'a, Result<LeaseGranted, SourceUnavailable>> {
        async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(SourceUnavailable);
            }
            let granted = {
                let mut left = self.unleased.lock().unwrap();
                let units = (*left / 4).max(1).min(*left).min(request.at_most);
                *left -= units;
                LeaseGranted { units, left: *left }
            };
            self.lease_gate.acquire().await.unwrap().forget();
            self.lease_gate.add_permits(1);
            Ok(granted)
        }
        .boxed()
    }

    fn give_back(&self, _: Uuid, _: SubscriptionId, _: DateTime<Utc>, units: TakeUnits) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        if self.away.load(Ordering::SeqCst) {
            self.refused_units.fetch_add(1, Ordering::SeqCst);
            return async { Err(SourceUnavailable) }.boxed();
        }
        *self.unleased.lock().unwrap() += units();
        async { Ok(()) }.boxed()
    }
}

impl UsageSink for Plane {
    fn batch(&self) -> Box<dyn UsageBatch> {
        self.counted.batches.fetch_add(1, Ordering::SeqCst);
        Box::new(Batch { counted: Arc::clone(&self.counted), records: Vec::new() })
    }

    fn position(&self, segment: SegmentId) -> BoxFuture<'_, Result<u64, SourceUnavailable>> {
        let position = self.counted.positions.lock().unwrap().get(&segment).copied().unwrap_or_default();
        async move { Ok(position) }.boxed()
    }

    fn recovered(&self, _: Uuid) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        async { Ok(()) }.boxed()
    }

    fn refused(&self, refused: Vec<Refused>) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        let answer = if takes_one(&self.counted.refuse) { Err(SourceUnavailable) } else { Ok(()) };
        if answer.is_ok() {
            self.counted.refused.lock().unwrap().extend(refused);
        }
        async move { answer }.boxed()
    }
}

/// What reached the place where usage goes.
#[derive(Default)]
pub(crate) struct Counted {
    /// So many batches were asked for.
    pub(crate) batches: AtomicUsize,
    /// So many batches are refused.
    pub(crate) refuse: AtomicUsize,
    /// So many batches are counted, but nobody hears of it.
    pub(crate) swallow: AtomicUsize,
    /// Nothing is counted, and nobody hears why.
    pub(crate) hangs: AtomicBool,
    pub(crate) positions: Mutex<HashMap<SegmentId, u64>>,
    pub(crate) records: Mutex<Vec<UsageRecord>>,
    pub(crate) refused: Mutex<Vec<Refused>>,
    /// What happens while batches are counted, one at each.
    pub(crate) meanwhile: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

struct Batch {
    counted: Arc<Counted>,
    records: Vec<UsageRecord>,
}

impl UsageBatch for Batch {
    fn add(&mut self, record: UsageRecord) {
        self.records.push(record);
    }

    fn sums(&self) -> usize {
        self.records.len()
    }

    fn count(self: Box<Self>, parts: Vec<Part>) -> BoxFuture<'static, Result<Vec<u64>, SourceUnavailable>> {
        async move {
            let counted = &self.counted;
            if counted.hangs.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let meanwhile = counted.meanwhile.lock().unwrap().pop();
            if let Some(happen) = meanwhile {
                happen();
            }
            if takes_one(&counted.refuse) {
                return Err(SourceUnavailable);
            }
            let mut positions = counted.positions.lock().unwrap();
            if parts.iter().all(|part| positions.get(&part.segment).copied().unwrap_or_default() == part.from) {
                positions.extend(parts.iter().map(|part| (part.segment, part.to)));
                counted.records.lock().unwrap().extend_from_slice(&self.records);
            }
            let after = parts.iter().map(|part| positions.get(&part.segment).copied().unwrap_or_default()).collect();
            if takes_one(&counted.swallow) { Err(SourceUnavailable) } else { Ok(after) }
        }
        .boxed()
    }
}

fn takes_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
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
    fn call(&self, request: http::Request<RequestBody>, connection: ConnInfo) -> BoxFuture<'static, http::Response<BoxBody>> {
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
    settings: Settings,
}

pub(crate) fn routes(json: &str) -> Vec<RouteRule> {
    serde_json::from_str(json).unwrap()
}

fn product(number: u128, slug: &str, service: &Arc<ServicePolicy>) -> ProductPolicy {
    ProductPolicy {
        id: ProductId(Uuid::from_u128(number)),
        slug: slug.to_owned(),
        service: Arc::clone(service),
        origins: Vec::new(),
        caches: false,
    }
}

impl World {
    /// A gateway in front of `service`, with one good key for the product `shop`.
    pub(crate) fn new(service: &Service) -> Self {
        Self::with(service, |_| {}, |_| {})
    }

    pub(crate) fn with(service: &Service, settings: impl FnOnce(&mut Settings), policy: impl FnOnce(&mut ServicePolicy)) -> Self {
        Self::before(service.address, settings, policy, None)
    }

    /// In front of whatever is at that address, with TLS at the port where there are certificates.
    pub(crate) fn before(
        service: SocketAddr,
        settings: impl FnOnce(&mut Settings),
        policy: impl FnOnce(&mut ServicePolicy),
        certificates: Option<Arc<Certificates>>,
    ) -> Self {
        let mut settings_value = Settings { workers: 2, shared_host: false, drain: Duration::from_secs(2), ..Settings::default() };
        settings_value.journal.directory = std::env::temp_dir().join(format!("mintreu-journal-{}", Uuid::now_v7().simple()));
        settings_value.journal.segment_bytes = 64 << 10;
        settings(&mut settings_value);
        let mut service = ServicePolicy {
            id: ServiceId(Uuid::from_u128(1)),
            slug: "shop-service".to_owned(),
            base_urls: vec![format!("http://{service}").parse().unwrap()],
            routes: routes(r#"[{"methods":["*"],"path":"/{*rest}"}]"#),
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            upstream: UpstreamPolicy::default(),
            wants_database: true,
            http2: false,
        };
        policy(&mut service);
        let plane = Arc::new(Plane {
            grants: Mutex::default(),
            away: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(1000),
            lease_gate: Semaphore::new(1000),
            counted: Arc::default(),
            unleased: Mutex::new(1_000),
            refused_units: AtomicUsize::new(0),
            now: Mutex::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)),
        });
        let key = Key::number(1);
        let world = Self::start(settings_value, plane, service, key, certificates);
        world.publish(|_| {});
        world.issue(&world.key, |_| {});
        world
    }

    fn start(settings: Settings, plane: Arc<Plane>, service: ServicePolicy, key: Key, certificates: Option<Arc<Certificates>>) -> Self {
        let clock_of = Arc::clone(&plane);
        let keys = SigningKeys {
            active: SigningKey { kid: "now".to_owned(), key: Arc::new(Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()) },
            previous: Vec::new(),
        };
        let workers = settings.workers;
        let gateway = Gateway::new(
            settings.clone(),
            keys,
            Arc::clone(&plane) as _,
            Arc::clone(&plane) as _,
            Arc::new(move || *clock_of.now.lock().unwrap()),
        )
        .unwrap();
        let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap(), workers).unwrap();
        if let Some(certificates) = certificates {
            listener = listener.with_tls(certificates);
        }
        let address = listener.local_addr();
        let stop = CancellationToken::new();
        let dashboard = Arc::<AtomicUsize>::default();
        let control = Arc::new(Dashboard { running: Arc::clone(&dashboard) });
        let (serving, until) = (gateway.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let handle = runtime.handle().clone();
            runtime.spawn({
                let (gateway, until) = (serving.clone(), until.clone());
                async move { gateway.run_prober(until).await }
            });
            runtime.block_on(listener.serve(serving, control, handle, until)).unwrap();
        });
        Self { gateway, plane, address, key, dashboard, stop, thread: Some(thread), service, settings }
    }

    /// The process ends without warning, and another one begins on what it left.
    pub(crate) fn crash(self) -> Self {
        self.crash_with(|_| {})
    }

    /// `between` sees the directory of the journal while nobody runs.
    pub(crate) fn crash_with(mut self, between: impl FnOnce(&Path)) -> Self {
        self.stop();
        let (plane, service, key, settings) = (Arc::clone(&self.plane), self.service.clone(), self.key.clone(), self.settings.clone());
        let keep = self.settings.journal.directory.with_extension("kept");
        self.settings.journal.directory = keep;
        drop(self);
        between(&settings.journal.directory);
        let world = Self::start(settings, plane, service, key, None);
        world.publish(|_| {});
        world
    }

    /// Another process on the same control plane.
    pub(crate) fn replica(&self) -> Self {
        let mut settings = self.settings.clone();
        settings.journal.directory = self.journal().with_extension("replica");
        let world = Self::start(settings, Arc::clone(&self.plane), self.service.clone(), self.key.clone(), None);
        world.publish(|_| {});
        world
    }

    /// The flusher's way of ending: everything is handed over, nothing is kept.
    pub(crate) fn hand_over(&self) {
        let ended = CancellationToken::new();
        ended.cancel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(self.gateway.run_flusher(ended));
    }

    pub(crate) fn journal(&self) -> &Path {
        &self.settings.journal.directory
    }

    /// Publishes the catalogue: `shop`, and `blog` on the same service.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut ServicePolicy)) {
        let service = self.policy(change);
        self.gateway.set_catalogue([product(1, "shop", &service), product(2, "blog", &service)].into_iter().collect::<Catalogue>());
    }

    /// Publishes `shop`, whose answers are kept.
    pub(crate) fn caching(&self) {
        let shop = ProductPolicy { caches: true, ..product(1, "shop", &self.policy(|_| {})) };
        self.gateway.set_catalogue([shop].into_iter().collect::<Catalogue>());
    }

    /// Publishes `shop` as it was, and `other` on a service of its own; gives a key for it.
    pub(crate) fn publish_beside(&self, other: &Service) -> Key {
        let beside = self.policy(|policy| {
            policy.id = ServiceId(Uuid::from_u128(3));
            policy.slug = "other-service".to_owned();
            policy.base_urls = vec![other.url().parse().unwrap()];
        });
        let products = [product(1, "shop", &self.policy(|_| {})), product(3, "other", &beside)];
        self.gateway.set_catalogue(products.into_iter().collect::<Catalogue>());
        let key = Key::number(3);
        self.issue(&key, |grant| {
            grant.key_id = ApiKeyId(Uuid::from_u128(3));
            grant.application_id = ApplicationId(Uuid::from_u128(3));
            grant.subscription_id = SubscriptionId(Uuid::from_u128(3));
            grant.product_id = ProductId(Uuid::from_u128(3));
            grant.product_slug = "other".to_owned();
        });
        key
    }

    fn policy(&self, change: impl FnOnce(&mut ServicePolicy)) -> Arc<ServicePolicy> {
        let mut service = self.service.clone();
        change(&mut service);
        Arc::new(service)
    }

    /// What the gateway knows of the addresses of `shop`.
    pub(crate) fn health(&self) -> Vec<HealthView> {
        self.gateway.health(self.service.id)
    }

    /// Their states.
    pub(crate) fn states(&self) -> Vec<AddressState> {
        self.health().into_iter().map(|address| address.state).collect()
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
            secret_sha256: Sha256::digest(&key.secret).into(),
            key_expires_at: None,
            key_revoked: false,
            scopes: Vec::new(),
            allowed_ips: Vec::new(),
            allowed_origins: Vec::new(),
            product_slug: "shop".to_owned(),
            plan_code: "pro".to_owned(),
            application_status: ApplicationStatus::Active,
            tenant_suspended: false,
            subscription_live: true,
            rate_per_second: 1_000_000,
            burst: 1_000_000,
            max_request_bytes: None,
            max_response_bytes: None,
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

    pub(crate) fn flush(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.gateway.flush());
    }

    /// Everything recorded so far, one record for each call.
    pub(crate) fn usage(&self) -> Vec<UsageRecord> {
        self.flush();
        let (counting, ends): (Vec<_>, Vec<_>) =
            self.plane.counted.records.lock().unwrap().iter().cloned().partition(|record| record.counts);
        let mut calls: HashMap<_, _> = counting.iter().map(|record| (record.request_id, record.clone())).collect();
        assert_eq!(calls.len(), counting.len(), "a call is counted once");
        for end in ends {
            let Some(call) = calls.get_mut(&end.request_id) else {
                assert!(self.gateway.snapshot().journal.damaged > 0, "an end belongs to a call");
                continue;
            };
            call.bytes_in += end.bytes_in;
            call.bytes_out += end.bytes_out;
        }
        calls.into_values().collect()
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
        let _ = std::fs::remove_dir_all(self.journal());
    }
}
