//! The identity token: a JWS in compact form (RFC 7515) signed with Ed25519 (RFC 8037), whose
//! claims are the service contract's.
//!
//! It is read with `ed25519-dalek` and serde instead of a general JWT library: the contract has one
//! algorithm and one issuer, and a reader that knows no other algorithm cannot be talked into one.
//! The maintained general library (`jsonwebtoken` 10) would bring RSA and three curves besides.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;

use super::Identity;

/// Tokens are a few hundred bytes; what is longer is not ours.
const MAX_LENGTH: usize = 8 * 1024;
/// How far the clocks of platform and service may differ.
const LEEWAY_SECONDS: i64 = 5;
/// The longest life of an identity in the contract.
const MAX_LIFE_SECONDS: i64 = 120;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    crit: Option<Value>,
}

/// A token that has the right form and is not to be believed yet.
pub(super) struct Unverified<'a> {
    key_id: String,
    /// What is signed: header and payload as they were sent.
    signed: &'a str,
    payload: Vec<u8>,
    signature: Signature,
}

/// The payload of a token whose signature holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    pub(crate) sub: String,
    tenant: String,
    product: String,
    plan: String,
    #[serde(default)]
    scopes: Vec<String>,
    /// Lowercase hex SHA-256 of the database URL; `None` without a dedicated database.
    pub(crate) db: Option<String>,
    /// Lowercase hex SHA-256 of the body, on lifecycle calls.
    pub(crate) digest: Option<String>,
    iat: i64,
    exp: i64,
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, &'static str> {
        if token.len() > MAX_LENGTH {
            return Err("too long");
        }
        let (signed, signature) = token.rsplit_once('.').ok_or("not three parts")?;
        let (header, payload) = signed.split_once('.').ok_or("not three parts")?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url");
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| "header not understood")?;
        if header.alg != "EdDSA" || header.crit.is_some() {
            return Err("another algorithm or extension");
        }
        let signature = Signature::from_slice(&decode(signature)?).map_err(|_| "not an Ed25519 signature")?;
        Ok(Self { key_id: header.kid, signed, payload: decode(payload)?, signature })
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<Claims, &'static str> {
        key.verify_strict(self.signed.as_bytes(), &self.signature).map_err(|_| "signature does not hold")?;
        serde_json::from_slice(&self.payload).map_err(|_| "claims not understood")
    }
}

impl Claims {
    /// Whether the token is meant for this service, from this platform, now (`now` in Unix seconds).
    pub(super) fn check(&self, issuer: &str, slug: &str, now: i64) -> Result<(), &'static str> {
        if self.iss.trim_end_matches('/') != issuer {
            return Err("another issuer");
        }
        if self.aud != slug {
            return Err("meant for another service");
        }
        if self.exp <= now.saturating_sub(LEEWAY_SECONDS) {
            return Err("expired");
        }
        if self.iat > now.saturating_add(LEEWAY_SECONDS) {
            return Err("from the future");
        }
        if self.exp > now.saturating_add(MAX_LIFE_SECONDS + LEEWAY_SECONDS) {
            return Err("lives too long");
        }
        Ok(())
    }

    pub(crate) fn into_identity(self) -> Identity {
        Identity { application: self.sub, tenant: self.tenant, product: self.product, plan: self.plan, scopes: self.scopes }
    }
}
