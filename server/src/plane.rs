//! Where the two planes meet: the gateway asks here for grants and hands usage over here, and what
//! changes in the control plane is pushed to the gateway.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use mintreu_control::{Control, Error, catalogue::Watch, keyring::Keyring, store, usage};
use mintreu_gateway::{
    ApplicationStatus, CacheSettings, Catalogue, Change, Gateway, Grant, HealthPolicy, JournalSettings, LeaseGranted, LeaseRequest, Part,
    PolicySource, ProductPolicy, QuotaGrant, Refused, ServicePolicy, Settings, SigningKey, SigningKeys, SourceUnavailable, TakeUnits,
    UpstreamPolicy, UsageBatch, UsageRecord, UsageSink, WeakGateway, read_certificates,
};
use mintreu_model::{
    id::{SegmentId, ServiceId, SubscriptionId},
    status::{self, DatabaseMode, SubscriptionStatus, TenantStatus},
    view::{GatewayFigures, HealthView, JournalView, RefusalCount, ServiceView},
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Failure, config::Config, urgency};

const HEARTBEAT: Duration = Duration::from_secs(5);
/// A change bites everywhere within half a second, though nobody tells of it.
const LOOK_FOR_CHANGES: Duration = Duration::from_millis(200);

/// The control plane as the gateway sees it. Database drivers need their own runtime, so the work
/// is done there.
pub(crate) struct ControlPlane {
    control: Control,
    runtime: Handle,
}

impl ControlPlane {
    pub(crate) fn new(control: Control) -> Self {
        Self { control, runtime: Handle::current() }
    }
}

/// The gateway on this control plane; nothing runs yet.
pub fn gateway(control: &Control, config: &Config) -> Result<Gateway, Failure> {
    let plane = Arc::new(ControlPlane::new(control.clone()));
    let clock = control.clock.clone();
    let settings = Settings {
        issuer: config.public_url.clone(),
        api_host: config.api_host.clone(),
        shared_host: config.api_host.is_none(),
        leased_quotas: !config.is_sqlite(),
        rate_store: config.redis.clone(),
        on_worker_start: urgency::go_first,
        cache: CacheSettings { total_bytes: config.answer_cache, ..CacheSettings::default() },
        grant_cache: config.grant_cache,
        trusted_proxies: config.trusted_proxies.clone(),
        allowed_link_local: if config.allow_link_local_services {
            ["169.254.0.0/16", "fe80::/10"].iter().filter_map(|network| network.parse().ok()).collect()
        } else {
            Vec::new()
        },
        service_roots: match &config.service_ca {
            Some(path) => read_certificates(path).map_err(|error| Failure(format!("{error} (MINTREU_SERVICE_CA)")))?,
            None => Vec::new(),
        },
        journal: JournalSettings { directory: config.journal_dir(), durability: config.journal_durability, ..JournalSettings::default() },
        ..Settings::default()
    };
    let keys = signing_keys(&control.keyring)?;
    let directory = settings.journal.directory.clone();
    let gateway = Gateway::new(settings, keys, Arc::clone(&plane) as _, plane, Arc::new(move || clock.now()))
        .map_err(|error| Failure::new(&format!("the usage journal in {} cannot be opened", directory.display()), &error))?;
    control.watched_by(Arc::new(Watched { gateway: gateway.downgrade(), since: control.clock.system_now() }));
    Ok(gateway)
}

/// The gateway as operators ask it. It keeps the control plane, not the other way round.
struct Watched {
    gateway: WeakGateway,
    since: DateTime<Utc>,
}

impl Watch for Watched {
    fn health(&self, service: ServiceId) -> Vec<HealthView> {
        self.gateway.upgrade().map(|gateway| gateway.health(service)).unwrap_or_default()
    }

    fn figures(&self) -> Option<GatewayFigures> {
        let gateway = self.gateway.upgrade()?;
        let now = gateway.snapshot();
        let mut refusals: Vec<RefusalCount> =
            now.refusals.iter().map(|(code, calls)| RefusalCount { code: (*code).to_owned(), calls: wide(*calls) }).collect();
        refusals.sort_by(|one, other| other.calls.cmp(&one.calls).then_with(|| one.code.cmp(&other.code)));
        let size = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Some(GatewayFigures {
            replica: gateway.replica().to_string(),
            since: self.since,
            in_flight: wide(now.in_flight),
            connections: wide(now.connections),
            connections_refused: wide(now.connections_refused),
            client_left: wide(now.client_left),
            cached_grants: size(now.cached_grants),
            refusals,
            journal: JournalView {
                durability: gateway.settings().journal.durability.to_string(),
                backlog: wide(now.journal.backlog),
                oldest_seconds: wide(now.journal.age.as_secs()),
                segments: size(now.journal.segments),
                free_bytes: now.journal.free_bytes.map(wide),
                nearly_full: now.journal.nearly_full,
                full: now.journal.full,
                recovering: now.journal.recovering,
                damaged: wide(now.journal.damaged),
                lost: wide(now.journal.lost),
            },
        })
    }

    fn check(&self, service: ServiceId) -> BoxFuture<'_, ()> {
        let gateway = self.gateway.upgrade();
        async move {
            if let Some(gateway) = gateway {
                gateway.check(service).await;
            }
        }
        .boxed()
    }
}

/// The ring never is without a signing key; an empty one must not start.
fn signing_keys(keyring: &Keyring) -> Result<SigningKeys, Failure> {
    let (active, previous) = keyring.signing().split_last().ok_or_else(|| Failure("The key ring has no signing key.".to_owned()))?;
    Ok(SigningKeys {
        active: SigningKey { kid: active.id.clone(), key: Arc::clone(&active.key) },
        previous: previous.iter().map(|key| (key.id.clone(), key.public().clone())).collect(),
    })
}

fn unavailable(what: &'static str) -> impl FnOnce(Error) -> SourceUnavailable {
    move |error| {
        tracing::warn!(error = %Failure::new(what, &error), "the control plane could not be asked");
        SourceUnavailable
    }
}

impl PolicySource for ControlPlane {
    fn grant<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<Grant>, SourceUnavailable>> {
        let (control, client_id) = (self.control.clone(), client_id.to_owned());
        let asked = self.runtime.spawn(async move { control.gateway_grant(&client_id).await });
        async move {
            let found = asked.await.map_err(|_| SourceUnavailable)?.map_err(unavailable("a grant could not be loaded"))?;
            Ok(found.map(grant))
        }
        .boxed()
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> BoxFuture<'a, Result<LeaseGranted, SourceUnavailable>> {
        let (control, wish) = (self.control.clone(), *request);
        let asked = self.runtime.spawn(async move {
            let (included, at_most) = (wide(wish.included), wide(wish.at_most));
            control
                .lease_quota(wish.replica, wish.subscription_id, wish.period_start, included, at_most)
                .await
                .map_err(unavailable("units of a quota could not be leased"))
        });
        async move {
            let lease = asked.await.map_err(|_| SourceUnavailable)??;
            let number = |units: i64| u64::try_from(units).unwrap_or(0);
            Ok(LeaseGranted { units: number(lease.units), left: number(lease.left) })
        }
        .boxed()
    }

    fn give_back(
        &self,
        replica: Uuid,
        subscription: SubscriptionId,
        period_start: DateTime<Utc>,
        units: TakeUnits,
    ) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        let control = self.control.clone();
        let asked = self.runtime.spawn(async move {
            let given = control.return_quota(replica, subscription, period_start, || wide(units())).await;
            given.map_err(unavailable("units of a quota could not be given back"))
        });
        async move { asked.await.map_err(|_| SourceUnavailable)? }.boxed()
    }
}

fn grant(found: mintreu_control::key::Grant) -> Grant {
    let tenant_open = matches!(found.tenant_status, TenantStatus::Active);
    Grant {
        key_id: found.key_id,
        application_id: found.application_id,
        tenant_id: found.tenant_id,
        subscription_id: found.subscription_id,
        product_id: found.product_id,
        secret_sha256: found.secret_sha256,
        key_expires_at: found.key_expires_at,
        key_revoked: found.key_revoked,
        scopes: found.scopes,
        allowed_ips: found.allowed_ips,
        allowed_origins: found.allowed_origins,
        product_slug: found.product_slug,
        plan_code: found.plan_code,
        application_status: match found.application_status {
            status::ApplicationStatus::Active => ApplicationStatus::Active,
            status::ApplicationStatus::Suspended => ApplicationStatus::Suspended,
            _ => ApplicationStatus::Other,
        },
        tenant_suspended: !tenant_open,
        subscription_live: SubscriptionStatus::is_served(found.subscription_status),
        rate_per_second: narrow(found.rate_per_second),
        burst: narrow(found.burst),
        max_request_bytes: found.max_request_bytes.map(unsigned),
        max_response_bytes: found.max_response_bytes.map(unsigned),
        quota: QuotaGrant {
            period_start: found.quota_period_start,
            period_end: found.quota_period_end,
            included: u64::try_from(found.included_requests).unwrap_or(0),
            hard_stop: found.hard_stop,
            used: u64::try_from(found.used).unwrap_or(0),
        },
        database_url: found.database_url.map(|url| url.expose().to_owned().into()),
    }
}

fn narrow(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wide(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl UsageSink for ControlPlane {
    fn batch(&self) -> Box<dyn UsageBatch> {
        Box::new(Usage { control: self.control.clone(), runtime: self.runtime.clone(), batch: self.control.usage_batch() })
    }

    fn position(&self, segment: SegmentId) -> BoxFuture<'_, Result<u64, SourceUnavailable>> {
        let control = self.control.clone();
        let asked = self.runtime.spawn(async move { control.usage_position(segment).await });
        async move {
            let position = asked.await.map_err(|_| SourceUnavailable)?.map_err(unavailable("the position of usage could not be read"))?;
            Ok(unsigned(position))
        }
        .boxed()
    }

    fn refused(&self, refused: Vec<Refused>) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        let control = self.control.clone();
        let one = |one: Refused| usage::Refused { application_id: one.application_id, code: one.code, calls: wide(one.calls) };
        let refused: Vec<usage::Refused> = refused.into_iter().map(one).collect();
        let noted =
            self.runtime.spawn(async move { control.note_refusals(&refused).await.map_err(unavailable("refusals could not be noted")) });
        async move { noted.await.map_err(|_| SourceUnavailable)? }.boxed()
    }

    fn recovered(&self, replica: Uuid) -> BoxFuture<'_, Result<(), SourceUnavailable>> {
        let control = self.control.clone();
        let asked = self.runtime.spawn(async move { control.void_leases(replica).await.map_err(unavailable("leases could not be freed")) });
        async move { asked.await.map_err(|_| SourceUnavailable)? }.boxed()
    }
}

struct Usage {
    control: Control,
    runtime: Handle,
    batch: usage::Batch,
}

impl UsageBatch for Usage {
    fn add(&mut self, record: UsageRecord) {
        self.batch.add(usage::Record {
            application_id: record.application_id,
            key_id: record.key_id,
            subscription_id: record.subscription_id,
            quota_period_start: record.quota_period_start,
            route: record.route,
            status: i64::from(record.status),
            at: record.at,
            bytes_in: wide(record.bytes_in),
            bytes_out: wide(record.bytes_out),
            latency_us: wide(record.latency_us),
            counts: record.counts,
            billed: record.billed,
        });
    }

    fn sums(&self) -> usize {
        self.batch.sums()
    }

    fn count(self: Box<Self>, parts: Vec<Part>) -> BoxFuture<'static, Result<Vec<u64>, SourceUnavailable>> {
        let Self { control, runtime, batch } = *self;
        let part = |part: Part| usage::Part { segment: part.segment, replica: part.replica, from: wide(part.from), to: wide(part.to) };
        let parts: Vec<usage::Part> = parts.into_iter().map(part).collect();
        let counted = runtime.spawn(async move { control.accept_usage(&parts, batch).await });
        async move {
            let positions = counted.await.map_err(|_| SourceUnavailable)?.map_err(unavailable("usage could not be written"))?;
            Ok(positions.into_iter().map(unsigned).collect())
        }
        .boxed()
    }
}

fn unsigned(position: i64) -> u64 {
    u64::try_from(position).unwrap_or(0)
}

/// Loads the catalogue that the gateway routes by.
pub(crate) async fn load_catalogue(control: &Control, gateway: &Gateway) -> mintreu_control::Result<()> {
    let mut services: HashMap<_, Arc<ServicePolicy>> = HashMap::new();
    let mut shared = |service: ServiceView| Arc::clone(services.entry(service.id).or_insert_with(|| Arc::new(service_policy(service))));
    let mut catalogue = Catalogue::default();
    let mut origins = control.gateway_origins().await?;
    for policy in control.gateway_catalogue().await? {
        let product = ProductPolicy {
            id: policy.product_id,
            slug: policy.product_slug.clone(),
            service: shared(policy.service),
            origins: origins.remove(&policy.product_id).unwrap_or_default(),
            caches: policy.cache_responses,
        };
        catalogue.products.insert(policy.product_slug, product);
    }
    catalogue.services = control.gateway_services().await?.into_iter().map(shared).collect();
    gateway.set_catalogue(catalogue);
    Ok(())
}

fn service_policy(service: ServiceView) -> ServicePolicy {
    let numbers = service.upstream;
    let timeout = milliseconds(service.timeout_ms);
    let upstream = UpstreamPolicy {
        idle_timeout: milliseconds(numbers.idle_timeout_ms),
        total_timeout: Some(milliseconds(numbers.total_timeout_ms)).filter(|total| !total.is_zero()),
        max_in_flight: narrow(numbers.max_in_flight),
        circuit_failures: narrow(numbers.circuit_failures),
        circuit_server_errors: narrow(numbers.circuit_server_errors),
        health: service.health_path.map(|path| HealthPolicy {
            path,
            interval: milliseconds(numbers.health_interval_ms),
            unhealthy_after: narrow(numbers.unhealthy_after),
            healthy_after: narrow(numbers.healthy_after),
        }),
        ..UpstreamPolicy::default()
    };
    ServicePolicy {
        id: service.id,
        slug: service.slug,
        base_urls: service.base_urls.iter().filter_map(|url| url.parse().ok()).collect(),
        routes: service.routes,
        connect_timeout: milliseconds(numbers.connect_timeout_ms).min(timeout),
        timeout,
        upstream,
        http2: service.http2,
        wants_database: service.database == DatabaseMode::Dedicated,
    }
}

fn milliseconds(number: i64) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap_or(0))
}

/// Says every few seconds that this gateway lives, and hears how many do, until `shutdown`, and then
/// that it does not. One that is alone has nobody to tell.
pub(crate) async fn tell_of_life(control: Control, gateway: Gateway, shutdown: CancellationToken) {
    if !gateway.settings().leased_quotas {
        return;
    }
    let replica = gateway.replica();
    let mut tick = tokio::time::interval(HEARTBEAT);
    while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
        let told = async {
            control.replica_lives(replica).await?;
            control.live_replicas().await
        };
        match told.await {
            Ok(live) => gateway.set_replicas(narrow(live)),
            Err(error) => tracing::debug!(error = %mintreu_control::chain(&error), "a heartbeat was lost"),
        }
    }
    if let Err(error) = control.replica_ends(replica).await {
        tracing::debug!(error = %mintreu_control::chain(&error), "others learn of the end by its silence");
    }
}

/// Pushes what changes to the gateway until `shutdown`. While the database is away the gateway
/// serves from what it has; when it is back everything is read anew.
pub(crate) async fn follow_changes(control: Control, gateway: Gateway, shutdown: CancellationToken) {
    let mut feed = None;
    loop {
        let step = async {
            if feed.is_none() {
                let fresh = control.db.changes(LOOK_FOR_CHANGES).await?;
                load_catalogue(&control, &gateway).await?;
                gateway.invalidate(&Change::Everything);
                feed = Some(fresh);
            }
            if let Some(feed) = &mut feed {
                let asked = Instant::now();
                match feed.next().await? {
                    Some(change) => apply(&control, &gateway, change).await?,
                    None => gateway.all_told_until(asked),
                }
            }
            Ok::<(), Error>(())
        };
        match shutdown.run_until_cancelled(step).await {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(error = %Failure::new("changes could not be read", &error), "the gateway serves from memory");
                feed = None;
                if shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_millis(500))).await.is_none() {
                    return;
                }
            }
        }
    }
}

async fn apply(control: &Control, gateway: &Gateway, change: store::Change) -> mintreu_control::Result<()> {
    match change {
        store::Change::Key(id) => gateway.invalidate(&Change::Key(id)),
        store::Change::Application(id) => gateway.invalidate(&Change::Application(id)),
        store::Change::Subscription(id) => gateway.invalidate(&Change::Subscription(id)),
        store::Change::Tenant(id) => gateway.invalidate(&Change::Tenant(id)),
        store::Change::Origins => gateway.set_origins(&control.gateway_origins().await?),
        store::Change::Catalogue | store::Change::Everything => {
            load_catalogue(control, gateway).await?;
            gateway.invalidate(&Change::Everything);
        }
    }
    Ok(())
}
