//! Who calls: the platform's signed identity, checked before any handler runs.
//!
//! The gateway removes the client's own `Mintreu-*` headers and adds a short-lived token signed with
//! a key that only the platform has. The token binds the application, the service it is meant for
//! and the database URL beside it, so that no header can be swapped for another. Handlers take
//! [`Identity`] as an argument; they cannot see a request whose identity was not proven.

mod jwks;
mod token;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use sha2::{Digest as _, Sha256};

use self::jwks::Jwks;
pub(crate) use self::token::Claims;
use crate::config::Config;
use crate::database::Pools;
use crate::problem::Problem;

const IDENTITY: HeaderName = HeaderName::from_static("mintreu-identity");
const DATABASE_URL: HeaderName = HeaderName::from_static("mintreu-database-url");

/// The application on whose behalf the platform calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `app_…`
    pub application: String,
    /// `ten_…`
    pub tenant: String,
    /// The slug of the product.
    pub product: String,
    /// The code of the plan, e.g. `pro`.
    pub plan: String,
    /// What the key may do, as the tenant named it.
    pub scopes: Vec<String>,
}

/// What the kit knows about the platform, shared by all requests.
#[derive(Debug, Clone)]
pub(crate) struct Platform(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slug: String,
    issuer: String,
    keys: Jwks,
    pools: Arc<Pools>,
}

/// A proven call: what the extractors give out.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) identity: Identity,
    pub(crate) database_url: Option<String>,
    pub(crate) pools: Arc<Pools>,
}

impl Platform {
    pub(crate) fn new(config: Config) -> Self {
        let pools = Arc::new(Pools::new(config.max_databases, config.connections_per_database));
        let keys = Jwks::new(config.jwks_url, config.jwks_max_age, config.jwks_min_interval);
        Self(Arc::new(Inner { slug: config.slug, issuer: config.issuer, keys, pools }))
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.0.pools
    }

    /// The claims of the one identity in `headers`.
    pub(crate) async fn verify(&self, headers: &HeaderMap) -> Result<Claims, Problem> {
        let token = one(headers, &IDENTITY)?.ok_or_else(|| {
            let detail = "This service is reached through the platform's gateway only.";
            Problem::new(StatusCode::UNAUTHORIZED, "identity_missing", detail)
        })?;
        let unverified = token::Unverified::parse(token).map_err(Problem::identity_invalid)?;
        let key = self.0.keys.find(unverified.key_id()).await?;
        let key = key.ok_or_else(|| Problem::identity_invalid("no such key"))?;
        let claims = unverified.verify(&key).map_err(Problem::identity_invalid)?;
        let now = crate::clock::now().timestamp();
        claims.check(&self.0.issuer, &self.0.slug, now).map_err(Problem::identity_invalid)?;
        Ok(claims)
    }
}

/// The database URL in `headers`, which must be the one that was signed. `None` without the header.
pub(crate) fn database_url(headers: &HeaderMap, claims: &Claims) -> Result<Option<String>, Problem> {
    let Some(url) = one(headers, &DATABASE_URL)? else {
        return Ok(None);
    };
    if claims.db.as_deref() == Some(sha256_hex(url.as_bytes()).as_str()) {
        return Ok(Some(url.to_owned()));
    }
    Err(Problem::identity_invalid("the database URL is not the signed one"))
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The layer in front of all routes that are not public.
pub(crate) async fn authenticate(State(platform): State<Platform>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let claims = platform.verify(request.headers()).await?;
    if claims.digest.is_some() {
        return Err(Problem::identity_invalid("a lifecycle identity on another call"));
    }
    let database_url = database_url(request.headers(), &claims)?;
    if database_url.is_none() && claims.db.is_some() {
        return Err(Problem::identity_invalid("the signed database URL is missing"));
    }
    let call = Call { identity: claims.into_identity(), database_url, pools: platform.0.pools.clone() };
    request.extensions_mut().insert(call);
    Ok(next.run(request).await)
}

/// The only value of a header; two of them are somebody's trick.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match (value.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value)),
        _ => Err(Problem::identity_invalid("a header is unreadable or there twice")),
    }
}

pub(crate) fn call(parts: &Parts) -> Result<&Call, Problem> {
    parts.extensions.get().ok_or_else(|| Problem::internal(&"a public route asks for an identity"))
}

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        call(parts).map(|call| call.identity.clone())
    }
}
