//! What the operator decides about the gateway, and the keys that it signs with. A new setting is
//! a field here with a default; reading it from the environment is the server's business.

use std::{fmt, num::NonZeroUsize, path::PathBuf, sync::Arc, thread, time::Duration};

use aws_lc_rs::signature::{Ed25519KeyPair, Ed25519PublicKey};
use ipnet::IpNet;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::limit::RateStore;

#[derive(Debug, Clone)]
pub struct Settings {
    /// The public URL: `iss` of tokens, and whose scheme `X-Forwarded-Proto` reports.
    pub issuer: String,
    /// The host that is the gateway's alone; `None`: it shares one with the dashboard.
    pub api_host: Option<String>,
    /// Whether answers must not be able to act as the dashboard in a browser: cookies are removed
    /// both ways, navigation is refused, answers are sandboxed.
    pub shared_host: bool,
    /// Whether other processes admit calls too: quotas with a hard stop are then leased.
    pub leased_quotas: bool,
    /// By what rates are shared with other processes; `None`: each limits them for itself.
    pub rate_store: Option<RateStore>,
    /// Grants held in memory.
    pub grant_cache: usize,
    /// Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Link-local networks that services may be reached in all the same; metadata services of
    /// clouds live in such networks.
    pub allowed_link_local: Vec<IpNet>,
    /// Authorities whose certificates services may have, beside the public ones.
    pub service_roots: Vec<CertificateDer<'static>>,
    pub max_body_bytes: u64,
    /// Threads, each with its own listener socket and its own connections to services.
    pub workers: usize,
    /// Client connections, all workers together; more wait.
    pub max_connections: usize,
    /// Client connections from one address (one /64 network of IPv6), trusted proxies apart; more
    /// are closed at once.
    pub max_connections_per_address: usize,
    /// Calls that one HTTP/2 connection may have under way.
    pub max_streams: u32,
    /// How long the head of a request may take, idle keep-alive connections included.
    pub header_timeout: Duration,
    /// How long a client may take to agree on TLS, or to say which protocol it speaks.
    pub handshake_timeout: Duration,
    /// How long a client may take nothing of what is written to it.
    pub write_idle: Duration,
    /// How long a client may pause within a body: 408.
    pub upload_idle: Duration,
    /// How long a connection that waits for its next call is kept at shutdown: a call that was sent
    /// meanwhile is answered, with word that it was the last.
    pub last_call: Duration,
    /// How long running calls may take to finish at shutdown.
    pub drain: Duration,
    pub journal: JournalSettings,
    pub cache: CacheSettings,
    /// What each thread of the listener does before it serves.
    pub on_worker_start: fn(),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:3000".to_owned(),
            api_host: None,
            shared_host: true,
            leased_quotas: false,
            rate_store: None,
            grant_cache: 200_000,
            trusted_proxies: Vec::new(),
            allowed_link_local: Vec::new(),
            service_roots: Vec::new(),
            max_body_bytes: 2 << 30,
            workers: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            max_connections: 20_000,
            max_connections_per_address: 4_000,
            max_streams: 100,
            header_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            write_idle: Duration::from_mins(2),
            upload_idle: Duration::from_secs(30),
            last_call: Duration::from_millis(500),
            drain: Duration::from_secs(10),
            journal: JournalSettings::default(),
            cache: CacheSettings::default(),
            on_worker_start: || {},
        }
    }
}

/// Answers that are kept for applications, where an operator switched it on for their product.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Of all answers together, in memory.
    pub total_bytes: u64,
    /// Larger bodies are not kept.
    pub largest_body: usize,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { total_bytes: 64 << 20, largest_body: 1 << 20 }
    }
}

/// What a call that was answered is written to before the client hears of it.
#[derive(Debug, Clone)]
pub struct JournalSettings {
    /// Of this process alone.
    pub directory: PathBuf,
    pub durability: Durability,
    /// Size of one file; each worker has one, taken from the disk beforehand.
    pub segment_bytes: u64,
    /// Space that is left to others: with less, billable calls are refused.
    pub reserve_bytes: u64,
    /// With less free space there is a warning.
    pub warn_bytes: u64,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("./data/journal"),
            durability: Durability::default(),
            segment_bytes: 8 << 20,
            reserve_bytes: 64 << 20,
            warn_bytes: 1 << 30,
        }
    }
}

/// What a record outlives before the client hears of its call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of this process.
    #[default]
    Process,
    /// The loss of power too: it is on the disk.
    Strict,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "process",
            Self::Strict => "strict",
        })
    }
}

/// An Ed25519 key under the name by which verifiers find it.
pub struct SigningKey {
    pub kid: String,
    pub key: Arc<Ed25519KeyPair>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The active key signs; the previous ones verify what was signed before a rotation.
#[derive(Debug)]
pub struct SigningKeys {
    pub active: SigningKey,
    pub previous: Vec<(String, Ed25519PublicKey)>,
}
