//! The data plane: authenticates, authorises, limits, meters and forwards calls to services, from
//! memory. It knows the control plane as three traits — where grants come from
//! ([`PolicySource`]), where usage goes ([`UsageSink`]), who answers everything else
//! ([`Control`]) — and SQL not at all.
//!
//! Follow a call in `pipeline.rs`; each step is a module of its own. A new check goes there, in
//! its place in the order, with its code in `problem.rs` and a test in `tests/`.

mod admission;
mod body;
mod browser;
mod cache;
mod call;
mod catalogue;
mod coarse;
mod control;
mod cors;
mod credential;
mod framing;
#[cfg(fuzzing)]
pub mod fuzz;
mod grant;
mod header;
mod http1;
mod identity;
mod journal;
mod limit;
mod listen;
mod message;
mod metrics;
mod oauth;
mod peer;
mod pipeline;
mod policy;
mod problem;
mod refusals;
mod relay;
mod settings;
mod state;
mod tls;
mod token;
mod trace;
mod tunnel;
mod upload;
mod upstream;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use mintreu_model::{
    id::{ProductId, ServiceId},
    view::HealthView,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use crate::{
    body::{Body, BodyError, BoxBody, RequestBody},
    control::{ConnInfo, Control},
    journal::{Imported, JournalStatus, Part, UsageBatch, UsageRecord, UsageSink, Waiting},
    limit::{RateStore, RateStoreError},
    listen::Listener,
    metrics::Snapshot,
    policy::{
        ApplicationStatus, Catalogue, Change, Clock, DatabaseUrl, Grant, HealthPolicy, LeaseGranted, LeaseRequest, PolicySource,
        ProductPolicy, QuotaGrant, ServicePolicy, SourceUnavailable, TakeUnits, UpstreamPolicy,
    },
    refusals::Refused,
    settings::{CacheSettings, Durability, JournalSettings, Settings, SigningKey, SigningKeys},
    tls::{CertificateError, Certificates, Validity, read_certificates},
};
use crate::{
    cors::Sharing,
    grant::Grants,
    journal::Journal,
    limit::{Limits, Shared, Store},
    message::{Request, Response},
    metrics::Metrics,
    oauth::{JWKS_PATH, TOKEN_PATH},
    refusals::Refusals,
    state::{Core, Worker, WorkerState},
    tls::Connectors,
    token::{AccessTokens, Signer},
    trace::RequestTag,
};

const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Calls of one key are summed up before they are written: where a flush takes long, rarer ones write
/// fewer sums. So many times as long as it took is rested after it.
const FLUSH_RESTS: u32 = 29;
const FLUSH_AT_LEAST_EVERY: Duration = Duration::from_secs(30);
const GIVE_BACK_EVERY: Duration = Duration::from_secs(5);
/// In looks for units that lie idle.
const PRUNE_EVERY: u32 = 12;

/// The gateway; cloning it is cheap. Clones share everything; [`Gateway::for_worker`] shares
/// everything but connections to services and the usage ledger.
#[derive(Clone)]
pub struct Gateway(Worker);

/// A gateway that somebody else keeps.
#[derive(Clone)]
pub struct WeakGateway(Weak<WorkerState>);

impl WeakGateway {
    #[must_use]
    pub fn upgrade(&self) -> Option<Gateway> {
        self.0.upgrade().map(Gateway)
    }
}

impl Gateway {
    /// A gateway that knows no products yet.
    ///
    /// # Errors
    /// When the journal cannot be opened, or is another process's.
    pub fn new(
        settings: Settings,
        keys: SigningKeys,
        policy: Arc<dyn PolicySource>,
        usage: Arc<dyn UsageSink>,
        clock: Clock,
    ) -> io::Result<Self> {
        let journal = Journal::open(settings.journal.clone(), usage, settings.leased_quotas)?;
        let store = settings.leased_quotas.then(|| Store { source: Arc::clone(&policy), replica: journal.replica() });
        let shared = settings.rate_store.clone().map(Shared::start).transpose()?;
        let limits = Arc::new(Limits::new(store, shared));
        let grants = Grants::new(settings.grant_cache, policy, Arc::clone(&limits), Arc::clone(&clock));
        let core = Core {
            cache: Arc::new(cache::Store::new(&settings.cache)),
            connectors: Connectors::new(&settings.service_roots),
            journal,
            settings,
            clock,
            signer: Signer::new(keys),
            tokens: AccessTokens::new(),
            catalogue: ArcSwap::default(),
            known: catalogue::Known::default(),
            grants: Arc::new(grants),
            limits,
            metrics: Metrics::new(),
            refusals: Refusals::default(),
        };
        Ok(Self(state::worker(Arc::new(core))))
    }

    #[must_use]
    pub fn downgrade(&self) -> WeakGateway {
        WeakGateway(Arc::downgrade(&self.0))
    }

    /// The same gateway with connections and a ledger of its own, for one thread.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self(state::worker(Arc::clone(&self.0.core)))
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.core.settings
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.core.metrics
    }

    /// The name of this gateway among others: its journal's.
    #[must_use]
    pub fn replica(&self) -> Uuid {
        self.0.core.journal.replica()
    }

    /// Replaces the whole catalogue; calls under way keep what they began with.
    pub fn set_catalogue(&self, catalogue: Catalogue) {
        let core = &self.0.core;
        core.catalogue.store(Arc::new(catalogue::compile(catalogue, &core.metrics, &core.known)));
    }

    /// Replaces whose pages may call any application of each product; the rest of the catalogue
    /// stays as it is.
    pub fn set_origins(&self, origins: &HashMap<ProductId, Vec<String>>) {
        self.0.core.catalogue.rcu(|catalogue| catalogue.with_origins(origins));
    }

    /// Drops every grant that the change touches: calls that begin after this returns are decided
    /// by what the source says now.
    pub fn invalidate(&self, change: &Change) {
        self.0.core.grants.invalidate(change);
    }

    /// Tells that all that changed until then was told: grants that are held are as good as if they were
    /// loaded then.
    pub fn all_told_until(&self, at: Instant) {
        self.0.core.grants.all_told_until(at);
    }

    /// Answers one request to a product, the token endpoint or the key set; any other path is an
    /// unknown product.
    pub async fn handle<B: Into<RequestBody>>(&self, request: http::Request<B>, peer: SocketAddr) -> http::Response<Body> {
        let (parts, body) = request.into_parts();
        self.answer(&mut parts.into(), body.into(), peer).await.into()
    }

    pub(crate) async fn answer(&self, request: &mut Request, body: RequestBody, peer: SocketAddr) -> Response {
        let core = &self.0.core;
        let tag = RequestTag::new();
        let mut sharing = Sharing::default();
        let answer = match framing::normalise(request) {
            Err(problem) => Err(problem),
            Ok(()) => match request.uri.path() {
                TOKEN_PATH => Box::pin(oauth::token(core, (request, body), peer, &tag)).await,
                JWKS_PATH => oauth::jwks(core, &request.method, &tag),
                _ => pipeline::serve(&self.0, (request, body), peer, &tag, &mut sharing).await,
            },
        };
        let mut response = answer.unwrap_or_else(|problem| {
            core.metrics.refused(problem.code);
            problem.into_response(&tag)
        });
        browser::contain_response(&core.settings, &mut response.fields);
        sharing.tell(&mut response.fields);
        response
    }

    /// Hands usage over now. What is not counted stays in the journal and is offered again.
    ///
    /// Call it before the first request is served: what an earlier process left counts first.
    pub async fn flush(&self) {
        self.flush_and_rest(FLUSH_EVERY).await;
    }

    /// Gives the time until the next flush. One that finds nothing says nothing of what the next will
    /// cost: the rest stays what it was.
    async fn flush_and_rest(&self, rest: Duration) -> Duration {
        let core = &self.0.core;
        let began = Instant::now();
        // What was loaded before did not know what the journal held.
        let flushed = core.journal.flush(|| core.grants.invalidate(&Change::Everything)).await;
        let some = match flushed {
            Ok(some) => some,
            Err(error) => {
                tracing::warn!(%error, backlog = core.journal.status().backlog, "usage is waiting");
                return FLUSH_EVERY;
            }
        };
        let took = began.elapsed();
        self.hand_over_refusals().await;
        if some { (took * FLUSH_RESTS).clamp(FLUSH_EVERY, FLUSH_AT_LEAST_EVERY) } else { rest }
    }

    /// Best effort: what cannot be handed over now is kept for the next time.
    async fn hand_over_refusals(&self) {
        let core = &self.0.core;
        let refused = core.refusals.take();
        if !refused.is_empty() && core.journal.sink().refused(refused.clone()).await.is_err() {
            for each in &refused {
                core.refusals.put(each);
            }
        }
    }

    /// Waits so long, or until calls have stopped coming.
    async fn gather(&self, most: Duration) {
        let until = Instant::now() + most;
        let mut before = None;
        loop {
            sleep(FLUSH_EVERY.min(until.saturating_duration_since(Instant::now()))).await;
            let backlog = self.0.core.journal.backlog();
            if Instant::now() >= until || before == Some(backlog) {
                return;
            }
            before = Some(backlog);
        }
    }

    /// Flushes every second, or every few where that takes long, until `shutdown`, and once more,
    /// within the drain time, after it. Shut it down after [`Listener::serve`] has returned: calls
    /// that drain still make usage.
    pub async fn run_flusher(&self, shutdown: CancellationToken) {
        let core = &self.0.core;
        let flushing = async {
            let mut rest = FLUSH_EVERY;
            while shutdown.run_until_cancelled(self.gather(rest)).await.is_some() {
                rest = self.flush_and_rest(rest).await;
            }
        };
        tokio::join!(flushing, self.tidy_limits(&shutdown));
        core.journal.close();
        if timeout(core.settings.drain, self.flush()).await.is_err() {
            tracing::warn!(backlog = core.journal.status().backlog, "usage stays in the journal until the next start");
        }
        if timeout(core.settings.drain, core.limits.give_back(true)).await.is_err() {
            tracing::warn!("units of quotas stay leased until the next start");
        }
    }

    /// Gives back what lies idle, and forgets what nobody needs, however long a flush takes.
    async fn tidy_limits(&self, shutdown: &CancellationToken) {
        let core = &self.0.core;
        let mut looks = 0_u32;
        while shutdown.run_until_cancelled(sleep(GIVE_BACK_EVERY)).await.is_some() {
            core.limits.give_back(false).await;
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(PRUNE_EVERY) {
                core.limits.prune((core.clock)());
            }
        }
    }

    /// Tells how many gateways live, this one included: while rates cannot be shared, each admits its
    /// part.
    pub fn set_replicas(&self, number: u32) {
        if let Some(shared) = &self.0.core.limits.shared {
            shared.set_replicas(number);
        }
    }

    /// Asks the services for their health until `shutdown`, each address as often as its policy
    /// says.
    pub async fn run_prober(&self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(upstream::probe(&self.0)).await;
    }

    /// What is known of each address of a service; nothing of an unknown service.
    #[must_use]
    pub fn health(&self, service: ServiceId) -> Vec<HealthView> {
        upstream::report(&self.0.core.catalogue.load(), service)
    }

    /// Asks each address of a service now. The answers count like those of other checks.
    pub async fn check(&self, service: ServiceId) {
        upstream::check(&self.0, service).await;
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let core = &self.0.core;
        Snapshot {
            in_flight: core.metrics.in_flight.load(std::sync::atomic::Ordering::Relaxed),
            client_left: core.metrics.client_left.load(std::sync::atomic::Ordering::Relaxed),
            connections: core.metrics.connections.load(std::sync::atomic::Ordering::Relaxed),
            connections_refused: core.metrics.connections_refused.load(std::sync::atomic::Ordering::Relaxed),
            refusals: core.metrics.refusals(),
            journal: core.journal.status(),
            cached_grants: core.grants.len(),
        }
    }

    /// The counters in Prometheus text format.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let core = &self.0.core;
        let mut text = core.metrics.text(&core.journal.status(), core.grants.len(), &core.limits.rates_status(), core.cache.bytes());
        upstream::metrics(&core.catalogue.load(), &mut text);
        text
    }
}

/// Brings in the journal of a process that is no more: `mintreu journal import`. What was counted
/// before is not counted again.
///
/// # Errors
/// When the directory cannot be read or is in use, or the sink is away: say it again later.
pub async fn import_journal(directory: &Path, sink: &dyn UsageSink) -> io::Result<Imported> {
    journal::import(directory, sink).await
}

/// Looks at a journal without touching it, whether or not it is in use.
///
/// # Errors
/// When the directory cannot be read.
pub fn inspect_journal(directory: &Path) -> io::Result<Vec<Waiting>> {
    journal::inspect(directory)
}
