//! The catalogue as the pipeline reads it: addresses taken apart, route names shared, one service
//! object however many products stand on it. It is rebuilt whole and swapped in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use foldhash::fast::RandomState;
use http::{
    HeaderValue, Method, Uri,
    uri::{Authority, Scheme},
};
use mintreu_model::{
    id::{ProductId, ServiceId},
    route::{RouteRule, check_path},
};
use tokio_rustls::rustls::pki_types::ServerName;

use crate::{
    metrics::{Metrics, ServiceCounts},
    policy::{Catalogue, ProductPolicy, ServicePolicy, UpstreamPolicy},
    problem::{Code, Problem},
    upstream::{Budget, Health},
};

#[derive(Default)]
pub(crate) struct Compiled {
    pub(crate) products: HashMap<String, Product, RandomState>,
    /// Those that no product is on too: their health is watched.
    pub(crate) services: Vec<Arc<Service>>,
}

pub(crate) struct Product {
    pub(crate) id: ProductId,
    pub(crate) service: Arc<Service>,
}

pub(crate) struct Service {
    pub(crate) id: ServiceId,
    pub(crate) slug: Arc<str>,
    pub(crate) addresses: Vec<Address>,
    routes: Vec<(RouteRule, Arc<str>)>,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) policy: UpstreamPolicy,
    pub(crate) wants_database: bool,
    /// Whether addresses in the clear speak HTTP/2.
    pub(crate) http2: bool,
    pub(crate) budget: Budget,
    pub(crate) counts: Arc<ServiceCounts>,
}

/// One base URL.
pub(crate) struct Address {
    /// As the operator wrote it.
    pub(crate) url: Box<str>,
    /// `scheme://host:port`: names the connections in the pool.
    pub(crate) authority: Arc<str>,
    /// As the base URL has them, for requests in HTTP/2.
    pub(crate) scheme: Scheme,
    pub(crate) named: Authority,
    /// The name that the service's certificate must have; none in the clear.
    pub(crate) tls: Option<ServerName<'static>>,
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// The `Host` field that the service sees.
    pub(crate) host_header: HeaderValue,
    /// Path of the base URL, without a slash at its end.
    pub(crate) prefix: Box<str>,
    pub(crate) health: Arc<Health>,
}

/// What is known of addresses: it outlives the catalogue that names them.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<(ServiceId, String), Arc<Health>>>);

pub(crate) fn compile(catalogue: Catalogue, metrics: &Metrics, known: &Known) -> Compiled {
    let mut known = known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut kept = HashMap::new();
    let mut services: HashMap<*const ServicePolicy, Arc<Service>> = HashMap::new();
    let mut service = |policy: &Arc<ServicePolicy>| {
        let made = || {
            let health = |url: &Uri| {
                let key = (policy.id, url.to_string());
                let health = known.remove(&key).or_else(|| kept.get(&key).map(Arc::clone)).unwrap_or_default();
                kept.insert(key, Arc::clone(&health));
                health
            };
            Arc::new(Service::new(policy, metrics, health))
        };
        Arc::clone(services.entry(Arc::as_ptr(policy)).or_insert_with(made))
    };
    for policy in &catalogue.services {
        service(policy);
    }
    let product = |(slug, product): (String, ProductPolicy)| (slug, Product { id: product.id, service: service(&product.service) });
    let products = catalogue.products.into_iter().map(product).collect();
    *known = kept;
    Compiled { products, services: services.into_values().collect() }
}

impl Service {
    fn new(policy: &ServicePolicy, metrics: &Metrics, mut health: impl FnMut(&Uri) -> Arc<Health>) -> Self {
        let named = |rule: &RouteRule| (rule.clone(), Arc::from(rule.path.as_str()));
        let address = |url: &Uri| {
            let health = health(url);
            if policy.upstream.health.is_none() {
                health.is_not_checked();
            }
            let found = Address::parse(url, health);
            if found.is_none() {
                tracing::error!(%url, "this service address cannot be used and is left out");
            }
            found
        };
        Self {
            id: policy.id,
            slug: policy.slug.as_str().into(),
            addresses: policy.base_urls.iter().filter_map(address).collect(),
            routes: policy.routes.iter().map(named).collect(),
            connect_timeout: policy.connect_timeout,
            timeout: policy.timeout,
            policy: policy.upstream.clone(),
            wants_database: policy.wants_database,
            http2: policy.http2,
            budget: Budget::default(),
            counts: metrics.service(&policy.slug),
        }
    }

    /// The route that admits the call, by name.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Result<Arc<str>, Problem> {
        let path = path.as_bytes();
        let matching = || {
            self.routes
                .iter()
                .filter(|(rule, _)| rule.path.matches(path))
                .filter(|(rule, _)| rule.allow_encoded_slash || check_path(path, false).is_ok())
        };
        if let Some((_, name)) = matching().find(|(rule, _)| rule.allows_method(method.as_str())) {
            return Ok(Arc::clone(name));
        }
        let mut allowed: Vec<&str> = matching().flat_map(|(rule, _)| &rule.methods).map(String::as_str).collect();
        if allowed.is_empty() {
            // Only the encoded slash is left for the strict check to object to.
            return Err(match check_path(path, false) {
                Err(refused) => Problem::malformed(refused.to_string()),
                Ok(()) => Code::RouteUnknown.into(),
            });
        }
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.sort_unstable();
        allowed.dedup();
        let allow = HeaderValue::try_from(allowed.join(", "));
        let problem = Problem::from(Code::MethodNotAllowed);
        Err(match allow {
            Ok(allow) => problem.with(http::header::ALLOW, allow),
            Err(_) => problem,
        })
    }
}

impl Address {
    pub(crate) fn parse(url: &Uri, health: Arc<Health>) -> Option<Self> {
        let authority: &Authority = url.authority()?;
        let scheme = url.scheme()?;
        let secure = *scheme == Scheme::HTTPS;
        if authority.as_str().contains('@') || !(secure || *scheme == Scheme::HTTP) {
            return None;
        }
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let prefix = url.path().trim_end_matches('/');
        Some(Self {
            url: format!("{scheme}://{authority}{prefix}").into(),
            authority: format!("{scheme}://{host}:{port}").into(),
            scheme: scheme.clone(),
            named: authority.clone(),
            tls: if secure { Some(ServerName::try_from(bare).ok()?.to_owned()) } else { None },
            host: bare.into(),
            port,
            host_header: HeaderValue::from_str(authority.as_str()).ok()?,
            prefix: prefix.into(),
            health,
        })
    }
}
