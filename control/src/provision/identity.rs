//! The platform's word to a service: a JWT (RFC 7519) signed with Ed25519 (RFC 8037) that says on
//! whose behalf it calls, about which database, with which body.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Control, Error, Result, application::work::Work};

/// Seconds for which an identity is good.
const LIFE: i64 = 60;

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Control {
    /// The identity of a lifecycle call with `body`, which may be empty.
    pub(super) fn identity(&self, work: &Work, database_url: Option<&str>, body: &[u8]) -> Result<String> {
        let issued = self.clock.system_now().timestamp();
        self.sign(&json!({
            "iss": self.config.public_url,
            "aud": work.service,
            "sub": work.id,
            "tenant": work.tenant_id,
            "product": work.product,
            "plan": work.plan,
            "scopes": ["*"],
            "db": database_url.map(|url| sha256_hex(url.as_bytes())),
            "iat": issued,
            "exp": issued + LIFE,
            "digest": sha256_hex(body),
        }))
    }

    fn sign(&self, claims: &Value) -> Result<String> {
        let signing = self.keyring.signing().last().ok_or_else(|| Error::internal("signing failed", "no key"))?;
        let header = json!({ "alg": "EdDSA", "kid": signing.id, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = signing.key.sign(signed.as_bytes());
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
