//! What a service must know about the platform and about its own bounds. Every bound has a default
//! that suits a small machine; a service sets the public field to change it.

use std::time::Duration;

/// How a service finds and trusts its platform, and how much it may hold.
#[derive(Debug, Clone)]
pub struct Config {
    /// The slug under which the service is registered: the only audience that is accepted.
    pub slug: String,
    /// The `iss` that identities must carry: the platform's public URL.
    pub issuer: String,
    /// Where the platform's signing keys are: `{platform}/.well-known/jwks.json`.
    pub jwks_url: String,
    /// How long fetched keys are used before they are fetched again.
    pub jwks_max_age: Duration,
    /// The least time between two fetches, so that made-up key ids cannot turn into a flood.
    pub jwks_min_interval: Duration,
    /// How many applications' databases are held open; the least recently used gives way.
    pub max_databases: usize,
    /// Connections to each of them.
    pub connections_per_database: u32,
    /// Bodies above this are refused with 413.
    pub body_limit_bytes: usize,
}

impl Config {
    /// The defaults for the service `slug` of the platform at `platform_url`, which is also the
    /// expected issuer until [`Self::issuer`] says otherwise.
    #[must_use]
    pub fn new(slug: &str, platform_url: &str) -> Self {
        let platform = platform_url.trim_end_matches('/');
        Self {
            slug: slug.to_owned(),
            issuer: platform.to_owned(),
            jwks_url: format!("{platform}/.well-known/jwks.json"),
            jwks_max_age: Duration::from_mins(5),
            jwks_min_interval: Duration::from_secs(2),
            max_databases: 64,
            connections_per_database: 4,
            body_limit_bytes: 1024 * 1024,
        }
    }

    /// Expects another issuer than the URL the keys are fetched from, as when the platform is
    /// reached by an internal name.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        issuer.trim_end_matches('/').clone_into(&mut self.issuer);
        self
    }
}
