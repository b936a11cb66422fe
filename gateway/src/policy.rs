//! What the control plane publishes to the gateway: the catalogue, whole, and grants, one for each
//! key, on first use. Values are immutable; a change arrives as [`Change`] and drops what it
//! touches. To let the gateway know more about a key, add a field to [`Grant`].

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use http::Uri;
use ipnet::IpNet;
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, ProductId, ServiceId, SubscriptionId, TenantId},
    route::{RouteRule, Scope},
};
use uuid::Uuid;

/// Business time: the platform's clock, which a test clock may move.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Every product that calls are served for, by slug; archived ones too.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub products: HashMap<String, ProductPolicy>,
    /// Services that may have no product yet; their health is watched all the same.
    pub services: Vec<Arc<ServicePolicy>>,
}

impl FromIterator<ProductPolicy> for Catalogue {
    fn from_iter<I: IntoIterator<Item = ProductPolicy>>(products: I) -> Self {
        let by_slug = |product: ProductPolicy| (product.slug.clone(), product);
        Self { products: products.into_iter().map(by_slug).collect(), services: Vec::new() }
    }
}

#[derive(Debug, Clone)]
pub struct ProductPolicy {
    pub id: ProductId,
    pub slug: String,
    pub service: Arc<ServicePolicy>,
    /// Whose pages may call any application of it, twice or in any order; `*` is everybody's.
    pub origins: Vec<String>,
    /// Whether answers may be kept, each for the application that got it.
    pub caches: bool,
}

#[derive(Debug, Clone)]
pub struct ServicePolicy {
    pub id: ServiceId,
    pub slug: String,
    /// `http://host[:port][/prefix]` or the same with `https`; calls are spread over them.
    pub base_urls: Vec<Uri>,
    /// Whether addresses with `http://` speak HTTP/2 without being asked; those with `https://`
    /// say what they speak (ALPN).
    pub http2: bool,
    pub routes: Vec<RouteRule>,
    pub connect_timeout: Duration,
    /// From the end of the request to the first byte of the answer.
    pub timeout: Duration,
    pub upstream: UpstreamPolicy,
    /// Whether each application has a database whose URL goes with its calls.
    pub wants_database: bool,
}

/// How long a service is waited for, and when it is left alone.
#[derive(Debug, Clone)]
pub struct UpstreamPolicy {
    /// How long a service may pause within the body of an answer, event streams included.
    pub idle_timeout: Duration,
    /// For the whole call, from its head to the last byte; event streams and tunnels are exempt.
    pub total_timeout: Option<Duration>,
    /// Calls at once for each replica; 0: no limit. Beyond it calls get 503.
    pub max_in_flight: u32,
    /// Calls in a row without an answer that open the circuit of an address; 0: never.
    pub circuit_failures: u32,
    /// The same for answers of 5xx; 0: they count as answers.
    pub circuit_server_errors: u32,
    /// How long an address that fails is left alone the first time, where there are others.
    pub ejection: Duration,
    pub health: Option<HealthPolicy>,
}

impl Default for UpstreamPolicy {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_mins(15),
            total_timeout: None,
            max_in_flight: 0,
            circuit_failures: 5,
            circuit_server_errors: 0,
            ejection: Duration::from_secs(10),
            health: None,
        }
    }
}

/// A question that each address is asked again and again; 2xx says that it is well.
#[derive(Debug, Clone)]
pub struct HealthPolicy {
    pub path: String,
    pub interval: Duration,
    /// Answers in a row that turn an address unhealthy, and healthy again.
    pub unhealthy_after: u32,
    pub healthy_after: u32,
}

/// Everything needed to answer for one key.
#[derive(Debug, Clone)]
pub struct Grant {
    pub key_id: ApiKeyId,
    pub application_id: ApplicationId,
    pub tenant_id: TenantId,
    pub subscription_id: SubscriptionId,
    pub product_id: ProductId,
    pub secret_sha256: [u8; 32],
    /// `None`: the key does not expire.
    pub key_expires_at: Option<DateTime<Utc>>,
    pub key_revoked: bool,
    /// Empty: every exposed route.
    pub scopes: Vec<Scope>,
    /// Empty: from anywhere.
    pub allowed_ips: Vec<IpNet>,
    /// Whose pages may call, as browsers write them, or `*`. Empty: browsers are told nothing.
    pub allowed_origins: Vec<String>,
    pub product_slug: String,
    pub plan_code: String,
    pub application_status: ApplicationStatus,
    pub tenant_suspended: bool,
    pub subscription_live: bool,
    /// Limits the application, all its keys together.
    pub rate_per_second: u32,
    pub burst: u32,
    /// The largest body of a call; none: the gateway's own limit alone.
    pub max_request_bytes: Option<u64>,
    /// The largest body of an answer, event streams included.
    pub max_response_bytes: Option<u64>,
    pub quota: QuotaGrant,
    /// `None`: the application has no database of its own.
    pub database_url: Option<DatabaseUrl>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationStatus {
    Active,
    Suspended,
    /// Not yet, or no longer, able to serve.
    Other,
}

/// Calls of one subscription within one billing period.
#[derive(Debug, Clone, Copy)]
pub struct QuotaGrant {
    pub period_start: DateTime<Utc>,
    pub period_end: DateTime<Utc>,
    pub included: u64,
    /// Whether calls beyond `included` are refused; else they are overage.
    pub hard_stop: bool,
    /// What the control plane has counted so far.
    pub used: u64,
}

/// A connection string with a password in it: it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Arc<str>);

impl DatabaseUrl {
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for DatabaseUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// Asks for units of a period that no other process may use.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRequest {
    /// Who asks: the name of its journal.
    pub replica: Uuid,
    pub subscription_id: SubscriptionId,
    pub period_start: DateTime<Utc>,
    pub included: u64,
    /// More than this is never of use at once.
    pub at_most: u64,
}

impl LeaseRequest {
    /// Units for some seconds at the application's full rate.
    pub(crate) fn of(grant: &Grant, replica: Uuid) -> Self {
        Self {
            replica,
            subscription_id: grant.subscription_id,
            period_start: grant.quota.period_start,
            included: grant.quota.included,
            at_most: u64::from(grant.rate_per_second).saturating_mul(5).clamp(10, 10_000),
        }
    }
}

/// Units that are this process's now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseGranted {
    /// 0: all are used, or leased to others.
    pub units: u64,
    /// What nobody holds.
    pub left: u64,
}

/// Takes units out of use, and tells how many.
pub type TakeUnits = Box<dyn FnOnce() -> u64 + Send>;

/// What a change touches; see [`crate::Gateway::invalidate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Key(ApiKeyId),
    Application(ApplicationId),
    Subscription(SubscriptionId),
    Tenant(TenantId),
    Product(ProductId),
    Everything,
}

/// The other side could not be asked; asking again later may help.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the control plane is unavailable")]
pub struct SourceUnavailable;

/// Where grants come from. Called on gateway threads: an implementation that needs a runtime of
/// its own, as database drivers do, spawns onto it and waits.
pub trait PolicySource: Send + Sync + 'static {
    /// `None`: there is no such key.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when the answer is not known; what is cached then keeps serving.
    fn grant<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<Grant>, SourceUnavailable>>;

    /// Units of a quota with a hard stop, for this process alone. Asked only where
    /// [`Settings::leased_quotas`](crate::Settings::leased_quotas) says so.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it is not known whether there are any.
    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> BoxFuture<'a, Result<LeaseGranted, SourceUnavailable>>;

    /// Gives units back that this process leased and will not use. How many is asked when the store can
    /// be reached: until then they are of use here.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when it is not known whether they went back.
    fn give_back(
        &self,
        replica: Uuid,
        subscription: SubscriptionId,
        period_start: DateTime<Utc>,
        units: TakeUnits,
    ) -> BoxFuture<'_, Result<(), SourceUnavailable>>;
}
