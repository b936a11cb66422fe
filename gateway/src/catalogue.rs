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
    cors::Origins,
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
    /// `None`: no page may call, and preflights are the service's.
    pub(crate) origins: Option<Arc<Origins>>,
    pub(crate) caches: bool,
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
    let product = |(slug, product): (String, ProductPolicy)| {
        let origins = Origins::new(&product.origins);
        (slug, Product { id: product.id, service: service(&product.service), origins, caches: product.caches })
    };
    let products = catalogue.products.into_iter().map(product).collect();
    *known = kept;
    Compiled { products, services: services.into_values().collect() }
}

impl Compiled {
    /// The same with other origins.
    pub(crate) fn with_origins(&self, origins: &HashMap<ProductId, Vec<String>>) -> Self {
        let product = |(slug, product): (&String, &Product)| {
            let origins = origins.get(&product.id).and_then(|origins| Origins::new(origins));
            (slug.clone(), Product { id: product.id, service: Arc::clone(&product.service), origins, caches: product.caches })
        };
        Self { products: self.products.iter().map(product).collect(), services: self.services.clone() }
    }
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
        if let Some((_, name)) = self.matching(path).find(|(rule, _)| rule.allows_method(method.as_str())) {
            return Ok(Arc::clone(name));
        }
        let allowed = self.methods(path);
        if allowed.is_empty() {
            // Only the encoded slash is left for the strict check to object to.
            return Err(match check_path(path.as_bytes(), false) {
                Err(refused) => Problem::malformed(refused.to_string()),
                Ok(()) => Code::RouteUnknown.into(),
            });
        }
        let allow = HeaderValue::try_from(allowed.join(", "));
        let problem = Problem::from(Code::MethodNotAllowed);
        Err(match allow {
            Ok(allow) => problem.with(http::header::ALLOW, allow),
            Err(_) => problem,
        })
    }
}

impl Service {
    fn matching<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a (RouteRule, Arc<str>)> {
        let path = path.as_bytes();
        self.routes
            .iter()
            .filter(move |(rule, _)| rule.path.matches(path))
            .filter(move |(rule, _)| rule.allow_encoded_slash || check_path(path, false).is_ok())
    }

    /// The methods that are exposed for the path; `*` is every one.
    pub(crate) fn methods<'a>(&'a self, path: &'a str) -> Vec<&'a str> {
        let mut methods: Vec<&str> = self.matching(path).flat_map(|(rule, _)| &rule.methods).map(String::as_str).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.dedup();
        methods
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
