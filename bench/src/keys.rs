//! Keys that need no storing: each is derived from its number, so that the platform, nginx and the
//! load know the same ones. To change what tenants look like, change the constants.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use mintreu_model::credential::{generate_client_id, generate_secret};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

pub(crate) const KEYS_PER_APPLICATION: u64 = 2;
pub(crate) const APPLICATIONS_PER_TENANT: u64 = 50;
/// `Basic ` and the base64 of an id, a colon and a secret.
pub(crate) const AUTHORIZATION: usize = 6 + 100;

/// What a key's subscription is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Limits that are enforced and never reached.
    Wide,
    /// One call a second.
    Slow,
    /// One call a month.
    Small,
    Inactive,
}

impl Kind {
    /// Beside the keys that the load uses there is one of each of these, in a tenant of its own.
    pub(crate) const SPECIAL: [Self; 3] = [Self::Slow, Self::Small, Self::Inactive];

    /// Place among the plans.
    pub(crate) fn plan(self) -> usize {
        match self {
            Self::Wide | Self::Inactive => 0,
            Self::Slow => 1,
            Self::Small => 2,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    number: u64,
    pub(crate) kind: Kind,
}

impl Key {
    pub(crate) fn wide(number: u64) -> Self {
        Self { number, kind: Kind::Wide }
    }

    pub(crate) fn special(kind: Kind) -> Self {
        Self { number: 0, kind }
    }

    /// All keys of a platform with `count` for the load.
    pub(crate) fn all(count: u64) -> impl Iterator<Item = Self> {
        (0..count).map(Self::wide).chain(Kind::SPECIAL.map(Self::special))
    }

    fn digest(self, what: &str, number: u64) -> [u8; 32] {
        Sha256::digest(format!("{what} {number} {:?}", self.kind)).into()
    }

    fn id(self, what: &str, number: u64) -> Uuid {
        Builder::from_unix_timestamp_millis(1_700_000_000_000 + number, first(&self.digest(what, number))).into_uuid()
    }

    pub(crate) fn key_id(self) -> Uuid {
        self.id("key", self.number)
    }

    pub(crate) fn application(self) -> u64 {
        self.number / KEYS_PER_APPLICATION
    }

    pub(crate) fn application_id(self) -> Uuid {
        self.id("application", self.application())
    }

    pub(crate) fn tenant(self) -> u64 {
        self.application() / APPLICATIONS_PER_TENANT
    }

    pub(crate) fn tenant_id(self) -> Uuid {
        self.id("tenant", self.tenant())
    }

    pub(crate) fn subscription_id(self) -> Uuid {
        self.id("subscription", self.tenant())
    }

    pub(crate) fn begins_application(self) -> bool {
        self.number.is_multiple_of(KEYS_PER_APPLICATION)
    }

    pub(crate) fn begins_tenant(self) -> bool {
        self.number.is_multiple_of(KEYS_PER_APPLICATION * APPLICATIONS_PER_TENANT)
    }

    pub(crate) fn client_id(self) -> String {
        generate_client_id(*first(&self.digest("client", self.number)))
    }

    pub(crate) fn secret(self) -> String {
        generate_secret(*first(&self.digest("secret", self.number)))
    }

    pub(crate) fn secret_hash(self) -> [u8; 32] {
        Sha256::digest(self.secret()).into()
    }

    /// A name that is unique among tenants and applications of every kind.
    pub(crate) fn slug(self, number: u64) -> String {
        format!("{:?}-{number}", self.kind).to_lowercase()
    }

    pub(crate) fn authorization(self) -> String {
        authorization(&self.client_id(), &self.secret())
    }
}

pub(crate) fn authorization(client_id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{client_id}:{secret}")))
}

/// The first bytes of a digest.
fn first<const N: usize>(bytes: &[u8]) -> &[u8; N] {
    bytes.first_chunk().unwrap_or(&[0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authorization_has_the_length_that_the_load_counts_on() {
        for key in Key::all(100) {
            assert_eq!(key.authorization().len(), AUTHORIZATION);
        }
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let ids: std::collections::HashSet<_> = Key::all(1_000).flat_map(|key| [key.client_id(), key.secret()]).collect();
        assert_eq!(ids.len(), 2_006);
    }
}
