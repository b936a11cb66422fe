//! The platform's signing keys, fetched from its JWKS (RFC 7517) and kept.
//!
//! Keys are fetched again when they are old or an unknown key id turns up, which is how rotation is
//! noticed; one fetch at a time and not more often than the interval, so that made-up ids cost the
//! platform nothing. While the platform is away the keys at hand go on serving.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::problem::Problem;

const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Jwks {
    url: String,
    client: reqwest::Client,
    max_age: Duration,
    min_interval: Duration,
    /// `None` until the first fetch that worked.
    known: RwLock<Option<Known>>,
    /// When the last fetch was tried; held while one is under way.
    tried: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Known {
    keys: HashMap<String, VerifyingKey>,
    fetched: Instant,
}

/// What the keys at hand say about an id.
enum Lookup {
    Fresh(VerifyingKey),
    /// Known from a document that is due to be fetched again.
    Old(VerifyingKey),
    Unknown,
    /// No document was ever fetched.
    Nothing,
}

impl Jwks {
    pub(super) fn new(url: String, max_age: Duration, min_interval: Duration) -> Self {
        let client = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap_or_default();
        Self { url, client, max_age, min_interval, known: RwLock::new(None), tried: Mutex::new(None) }
    }

    /// The key of this id; `None` when the platform has no such key.
    pub(super) async fn find(&self, key_id: &str) -> Result<Option<VerifyingKey>, Problem> {
        if let Lookup::Fresh(key) = self.lookup(key_id) {
            return Ok(Some(key));
        }
        self.refresh(key_id).await;
        match self.lookup(key_id) {
            Lookup::Fresh(key) | Lookup::Old(key) => Ok(Some(key)),
            Lookup::Unknown => Ok(None),
            Lookup::Nothing => Err(Problem::unavailable("identity_unverifiable", "The platform's signing keys cannot be reached now.")),
        }
    }

    fn lookup(&self, key_id: &str) -> Lookup {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.as_ref() else {
            return Lookup::Nothing;
        };
        match known.keys.get(key_id) {
            Some(key) if known.fetched.elapsed() < self.max_age => Lookup::Fresh(*key),
            Some(key) => Lookup::Old(*key),
            None => Lookup::Unknown,
        }
    }

    async fn refresh(&self, key_id: &str) {
        let mut tried = self.tried.lock().await;
        // Somebody else may have fetched while this call waited for the lock.
        let settled = matches!(self.lookup(key_id), Lookup::Fresh(_));
        if settled || tried.is_some_and(|at| at.elapsed() < self.min_interval) {
            return;
        }
        match self.fetch().await {
            Ok(keys) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                *known = Some(Known { keys, fetched: Instant::now() });
            }
            Err(error) => tracing::warn!(url = self.url, error, "cannot fetch the platform's signing keys"),
        }
        *tried = Some(Instant::now());
    }

    async fn fetch(&self) -> Result<HashMap<String, VerifyingKey>, String> {
        let say = |error: reqwest::Error| error.to_string();
        let mut response = self.client.get(&self.url).send().await.map_err(say)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("answered {}", response.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(say)? {
            document.extend_from_slice(&chunk);
            if document.len() > MAX_DOCUMENT_BYTES {
                return Err("the key document is too large".to_owned());
            }
        }
        parse(&document)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    kty: String,
    crv: String,
    x: String,
}

/// The Ed25519 keys of a key set; keys of other kinds are somebody else's business.
fn parse(document: &[u8]) -> Result<HashMap<String, VerifyingKey>, String> {
    let document: Document = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    let keys = document.keys.into_iter().filter_map(|key| {
        let key: Key = serde_json::from_value(key).ok()?;
        if key.kty != "OKP" || key.crv != "Ed25519" {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(&key.x).ok()?;
        let point = VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()?;
        Some((key.kid, point))
    });
    Ok(keys.collect())
}
