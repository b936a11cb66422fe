//! Access tokens: what `/oauth/token` hands out and `Authorization: Bearer` brings back. A token
//! proves who asked for it and for which scopes; whether that key may still call is asked of its
//! grant each time, so that revocation bites tokens too.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use mintreu_model::route::Scope;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Kind, Signer, unix_now};
use crate::identity::Identity;

/// Fifteen minutes.
pub(crate) const LIFETIME_SECONDS: u64 = 900;
const REMEMBERED: usize = 20_000;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    /// `None`: whatever the key has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    iat: u64,
    exp: u64,
    jti: String,
}

/// A token whose signature was checked.
pub(crate) struct Verified {
    pub(crate) client_id: String,
    /// What the token is narrowed to; `None`: nothing beyond the key.
    pub(crate) scopes: Option<Vec<Scope>>,
    /// The identity token of calls with these narrowed scopes.
    pub(crate) identity: ArcSwapOption<Identity>,
    expires: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    Invalid,
    Expired,
}

/// Signatures cost fifty microseconds: a token that was found good is remembered by its hash.
pub(crate) struct AccessTokens {
    verified: Cache<[u8; 32], Arc<Verified>>,
}

impl AccessTokens {
    pub(crate) fn new() -> Self {
        Self { verified: Cache::new(REMEMBERED) }
    }

    pub(crate) fn verify(&self, signer: &Signer, issuer: &str, token: &str) -> Result<Arc<Verified>, TokenRefused> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let verified = if let Some(verified) = self.verified.get(&digest) {
            verified
        } else {
            let verified = Arc::new(check(signer, issuer, token).ok_or(TokenRefused::Invalid)?);
            self.verified.insert(digest, Arc::clone(&verified));
            verified
        };
        if verified.expires <= unix_now() {
            return Err(TokenRefused::Expired);
        }
        Ok(verified)
    }
}

fn check(signer: &Signer, issuer: &str, token: &str) -> Option<Verified> {
    let claims: Claims = signer.verify(Kind::Access, token)?;
    if claims.iss != issuer || claims.aud != issuer {
        return None;
    }
    let scopes = match claims.scope {
        Some(text) => Some(text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?),
        None => None,
    };
    Some(Verified { client_id: claims.client_id, scopes, identity: ArcSwapOption::empty(), expires: claims.exp })
}

/// A token for the key, narrowed to `scope` where that is given.
pub(crate) fn issue(
    signer: &Signer,
    issuer: &str,
    client_id: &str,
    application: String,
    scope: Option<String>,
    request_id: &str,
) -> String {
    let now = unix_now();
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: issuer.to_owned(),
        sub: application,
        client_id: client_id.to_owned(),
        scope,
        iat: now,
        exp: now + LIFETIME_SECONDS,
        jti: request_id.to_owned(),
    };
    signer.sign(Kind::Access, &claims)
}
