//! TLS at both ends: the certificate that clients see, re-read when its files change, and the
//! roots by which services are believed. TLS 1.2 and 1.3; the protocol is agreed on by ALPN.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::ProducesTickets,
    },
};
use tokio_util::sync::CancellationToken;
use x509_cert::der::Decode as _;

pub(crate) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why TLS cannot be used, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CertificateError(String);

type Result<T> = std::result::Result<T, CertificateError>;

/// When a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from: SystemTime,
    pub until: SystemTime,
}

/// The certificate chain and the key that clients meet. Connections keep what they began with.
pub struct Certificates {
    chain: PathBuf,
    key: PathBuf,
    current: ArcSwap<Loaded>,
    /// Sessions are resumed across a change of the certificate.
    tickets: Arc<dyn ProducesTickets>,
    /// What the files looked like when they were last read with success.
    stamp: Mutex<Stamp>,
}

type Stamp = [Option<(SystemTime, u64)>; 2];

struct Loaded {
    config: Arc<ServerConfig>,
    validity: Validity,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("chain", &self.chain).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Certificates {
    /// Reads both PEM files and checks that they belong together.
    pub fn load(chain: &Path, key: &Path) -> Result<Self> {
        let tickets = ring::Ticketer::new().map_err(|error| CertificateError(format!("TLS has no random numbers: {error}.")))?;
        let stamp = stamp(chain, key);
        let loaded = load(chain, key, &tickets)?;
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), current: ArcSwap::from_pointee(loaded), tickets, stamp: Mutex::new(stamp) })
    }

    #[must_use]
    pub fn validity(&self) -> Validity {
        self.current.load().validity
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().config)
    }

    /// Reads the files again; what cannot be used leaves everything as it was.
    pub fn reload(&self) -> Result<()> {
        let stamp = stamp(&self.chain, &self.key);
        let loaded = load(&self.chain, &self.key, &self.tickets)?;
        self.current.store(Arc::new(loaded));
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        tracing::info!(chain = %self.chain.display(), "the certificate was read");
        Ok(())
    }

    /// Whether the files differ from what is in use.
    #[must_use]
    pub fn changed(&self) -> bool {
        stamp(&self.chain, &self.key) != *self.stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reloads when the files change, until `shutdown`. One of them may change before the other:
    /// what does not fit together is tried again.
    pub async fn follow(&self, shutdown: CancellationToken) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
            if self.changed()
                && let Err(error) = self.reload()
            {
                tracing::warn!(%error, "the former certificate stays in use");
            }
        }
    }
}

fn stamp(chain: &Path, key: &Path) -> Stamp {
    [chain, key].map(|path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    })
}

fn load(chain: &Path, key: &Path, tickets: &Arc<dyn ProducesTickets>) -> Result<Loaded> {
    let certificates = read_certificates(chain)?;
    let validity = certificates
        .first()
        .and_then(|leaf| validity(leaf))
        .ok_or_else(|| CertificateError(format!("{} holds a certificate that cannot be read.", chain.display())))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| CertificateError(format!("{} is no private key in PEM without a password: {error}.", key.display())))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| CertificateError(format!("TLS cannot be used: {error}.")))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| {
            CertificateError(match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("The key in {} does not belong to the certificate in {}.", key.display(), chain.display())
                }
                other => format!("{} and {} cannot be used for TLS: {other}.", chain.display(), key.display()),
            })
        })?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    config.ticketer = Arc::clone(tickets);
    Ok(Loaded { config: Arc::new(config), validity })
}

/// The certificates in a PEM file, at least one.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found = found.map_err(|error| CertificateError(format!("{} is no certificate in PEM: {error}.", path.display())))?;
    if found.is_empty() {
        return Err(CertificateError(format!("{} holds no certificate in PEM.", path.display())));
    }
    Ok(found)
}

fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let parsed = x509_cert::Certificate::from_der(certificate).ok()?.tbs_certificate.validity;
    Some(Validity { from: parsed.not_before.to_system_time(), until: parsed.not_after.to_system_time() })
}

/// How services are spoken to: with either protocol, or with HTTP/1.1 for an upgrade.
pub(crate) struct Connectors {
    negotiating: Option<TlsConnector>,
    http1_only: Option<TlsConnector>,
}

impl Connectors {
    /// Believes the public roots, and `more`.
    pub(crate) fn new(more: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let (_, ignored) = roots.add_parsable_certificates(more.iter().cloned());
        if ignored > 0 {
            tracing::error!(ignored, "authorities for services cannot be used");
        }
        let roots = Arc::new(roots);
        let connector = |protocols: &[&[u8]]| {
            let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
            let builder = builder.with_safe_default_protocol_versions().ok()?;
            let mut config = builder.with_root_certificates(Arc::clone(&roots)).with_no_client_auth();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Some(TlsConnector::from(Arc::new(config)))
        };
        Self { negotiating: connector(&[HTTP2, HTTP1]), http1_only: connector(&[HTTP1]) }
    }

    pub(crate) fn choose(&self, upgrade: bool) -> io::Result<&TlsConnector> {
        let connector = if upgrade { &self.http1_only } else { &self.negotiating };
        connector.as_ref().ok_or_else(|| io::Error::other("TLS cannot be used"))
    }
}
