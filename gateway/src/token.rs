//! Tokens signed by the platform: Ed25519 JWTs (RFC 7519, RFC 8037). Access tokens have the type
//! `at+jwt` and our own URL as audience, identity tokens neither, so that a service cannot use
//! what it was sent to call as its caller.

mod access;

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ED25519, Ed25519PublicKey, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use access::{AccessTokens, LIFETIME_SECONDS, TokenRefused, Verified, issue};

use crate::settings::SigningKeys;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Identity,
}

impl Kind {
    fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Identity => "JWT",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

pub(crate) struct Signer {
    keys: SigningKeys,
}

/// Seconds since 1970 by the system's clock: tokens do not follow the platform's.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Signer {
    pub(crate) fn new(keys: SigningKeys) -> Self {
        Self { keys }
    }

    pub(crate) fn sign(&self, kind: Kind, claims: &impl Serialize) -> String {
        let header = Header { alg: "EdDSA", typ: kind.typ(), kid: &self.keys.active.kid };
        // Our claims are plain structs of strings and numbers: they always serialise.
        let json = |value: serde_json::Result<Vec<u8>>| BASE64.encode(value.unwrap_or_default());
        let mut token = json(serde_json::to_vec(&header));
        token.push('.');
        token.push_str(&json(serde_json::to_vec(claims)));
        let signature = self.keys.active.key.sign(token.as_bytes());
        token.push('.');
        BASE64.encode_string(signature, &mut token);
        token
    }

    /// The claims of a token that one of our keys has signed for this kind of use.
    pub(crate) fn verify<C: DeserializeOwned>(&self, kind: Kind, token: &str) -> Option<C> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = BASE64.decode(header).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        if header.alg != "EdDSA" || header.typ != kind.typ() {
            return None;
        }
        let signature = BASE64.decode(signature).ok()?;
        UnparsedPublicKey::new(&ED25519, self.key(header.kid)?).verify(signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }

    fn key(&self, kid: &str) -> Option<&Ed25519PublicKey> {
        self.verifying().find(|(name, _)| *name == kid).map(|(_, key)| key)
    }

    fn verifying(&self) -> impl Iterator<Item = (&String, &Ed25519PublicKey)> {
        let SigningKeys { active, previous } = &self.keys;
        std::iter::once((&active.kid, active.key.public_key())).chain(previous.iter().map(|(kid, key)| (kid, key)))
    }

    /// The key set of RFC 7517, previous keys included.
    pub(crate) fn jwks(&self) -> String {
        let keys: Vec<_> = self
            .verifying()
            .map(|(kid, key)| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": kid, "x": BASE64.encode(key),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}
