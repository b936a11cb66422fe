//! A stand-in for the platform, for the tests of services (feature `testing`).
//!
//! It serves a key set on a loopback port and signs identities with the key, so that a test calls
//! the service exactly as the gateway would, or almost exactly, to see it refused.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock::now;
use crate::identity::sha256_hex;

/// A key set on a loopback port, and its signing key. Must live inside a tokio runtime.
#[derive(Debug, Clone)]
pub struct TestPlatform {
    url: String,
    key: Arc<Mutex<TestKey>>,
}

/// An Ed25519 key with its id. Two keys of the same seed are the same key.
#[derive(Debug, Clone)]
pub struct TestKey {
    id: String,
    key: SigningKey,
}

impl TestKey {
    #[must_use]
    pub fn new(id: &str, seed: u8) -> Self {
        Self { id: id.to_owned(), key: SigningKey::from_bytes(&[seed; 32]) }
    }

    /// A compact JWS of `claims`.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "EdDSA", "kid": self.id, "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    fn document(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": x });
        json!({ "keys": [{ "kty": "RSA", "kid": "of no concern" }, key] })
    }
}

/// Serves `router` on a loopback port until the runtime ends; gives its base URL.
pub async fn spawn(router: Router) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    serve_at(listener, router);
    Ok(url)
}

fn serve_at(listener: TcpListener, router: Router) {
    tokio::spawn(async { axum::serve(listener, router).await });
}

impl TestPlatform {
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let key = Arc::new(Mutex::new(TestKey::new("first", 1)));
        let served = key.clone();
        let document = async move || Json(served.lock().unwrap_or_else(PoisonError::into_inner).document());
        serve_at(listener, Router::new().route("/.well-known/jwks.json", get(document)));
        Ok(Self { url, key })
    }

    /// The platform URL to configure the service with; also the issuer.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key that signs and is served.
    #[must_use]
    pub fn key(&self) -> TestKey {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves and signs with another key from now on.
    pub fn rotate(&self, key: TestKey) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Good claims for a call on behalf of `application`; change what the test is about, then sign.
    #[must_use]
    pub fn claims(&self, slug: &str, application: &str, database_url: Option<&str>) -> Value {
        let issued = now().timestamp();
        json!({
            "iss": self.url, "aud": slug, "sub": application, "tenant": format!("ten_of_{application}"),
            "product": "product", "plan": "pro", "scopes": ["*"],
            "db": database_url.map(|url| sha256_hex(url.as_bytes())),
            "iat": issued, "exp": issued + 60,
        })
    }

    /// The identity of an ordinary call.
    #[must_use]
    pub fn identity(&self, slug: &str, application: &str, database_url: Option<&str>) -> String {
        self.key().sign(&self.claims(slug, application, database_url))
    }

    /// The identity of a lifecycle call with `body`.
    #[must_use]
    pub fn lifecycle_identity(&self, slug: &str, application: &str, url: Option<&str>, body: &[u8]) -> String {
        let mut claims = self.claims(slug, application, url);
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("digest".to_owned(), sha256_hex(body).into());
        }
        self.key().sign(&claims)
    }
}
