//! Keys of the platform: AES-256-GCM for what is kept sealed, Ed25519 for what is signed. A file
//! of mode 0600 that replicas share. The last key of each list is used; the others still open and
//! verify, so a key is rotated by appending one.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use aws_lc_rs::signature::{Ed25519KeyPair, Ed25519PublicKey, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, clock::Random};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    encryption: Vec<Entry>,
    signing: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    /// 32 bytes in base64.
    key: String,
}

/// A key that signs, with the id under which its public half is published.
#[derive(Clone)]
pub struct Signing {
    pub id: String,
    pub key: Arc<Ed25519KeyPair>,
}

impl Signing {
    #[must_use]
    pub fn public(&self) -> &Ed25519PublicKey {
        self.key.public_key()
    }
}

/// Keys in memory. Its Debug shows ids only.
#[derive(Clone)]
pub struct Keyring {
    encryption: Vec<(String, [u8; 32])>,
    signing: Vec<Signing>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.encryption.iter().map(|(id, _)| id).chain(self.signing.iter().map(|signing| &signing.id)).collect();
        f.debug_tuple("Keyring").field(&ids).finish()
    }
}

impl Keyring {
    /// Reads the file, or makes it with fresh keys when there is none.
    pub fn open_or_create(path: &Path, random: &Random) -> Result<Self, Error> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let fresh = || Entry { id: hex::encode(random.bytes::<4>()), key: STANDARD.encode(random.bytes::<32>()) };
                let file = File { encryption: vec![fresh()], signing: vec![fresh()] };
                let text = serde_json::to_vec_pretty(&file).map_err(|error| Error::internal("the key ring could not be written", error))?;
                let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
                    file.write_all(&text)?;
                    file.sync_all()
                });
                match written {
                    Ok(()) => Self::parse(&text),
                    // Another replica was first: its keys are the keys.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::open_or_create(path, random),
                    Err(error) => Err(Error::internal("the key ring could not be written", error)),
                }
            }
            Err(error) => Err(Error::internal("the key ring could not be read", error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| Error::internal("the key ring is damaged", error))?;
        let key = |entry: Entry| -> Result<(String, [u8; 32]), Error> {
            let bytes = STANDARD.decode(&entry.key).map_err(|error| Error::internal("the key ring is damaged", error))?;
            let key = bytes.try_into().map_err(|_| Error::internal("the key ring is damaged", "a key has not 32 bytes"))?;
            Ok((entry.id, key))
        };
        let encryption = file.encryption.into_iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let signing = |entry: Entry| -> Result<Signing, Error> {
            let (id, seed) = key(entry)?;
            let key = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| Error::internal("the key ring is damaged", error))?;
            Ok(Signing { id, key: Arc::new(key) })
        };
        let signing = file.signing.into_iter().map(signing).collect::<Result<Vec<_>, _>>()?;
        if encryption.is_empty() || signing.is_empty() {
            return Err(Error::internal("the key ring is damaged", "it needs a key of each kind"));
        }
        Ok(Self { encryption, signing })
    }

    /// All signing keys; the last one signs.
    #[must_use]
    pub fn signing(&self) -> &[Signing] {
        &self.signing
    }

    /// Seals `plain` for `purpose`: key id length, key id, nonce, ciphertext with tag.
    pub fn seal(&self, random: &Random, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (id, key) = self.encryption.last().ok_or_else(|| Error::internal("sealing failed", "no key"))?;
        let nonce = random.bytes::<12>();
        let cipher = Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(key));
        let sealed = cipher
            .encrypt(Nonce::from_slice(&nonce), Payload { msg: plain, aad: purpose.as_bytes() })
            .map_err(|_| Error::internal("sealing failed", "the cipher refused"))?;
        let mut out = vec![u8::try_from(id.len()).unwrap_or(0)];
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what `seal` made for the same purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let damaged = || Error::internal("a sealed value could not be opened", "it is damaged or of an unknown key");
        let (&length, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (id, rest) = rest.split_at_checked(usize::from(length)).ok_or_else(damaged)?;
        let (nonce, sealed) = rest.split_at_checked(12).ok_or_else(damaged)?;
        let (_, key) = self.encryption.iter().find(|(known, _)| known.as_bytes() == id).ok_or_else(damaged)?;
        Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(key))
            .decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: purpose.as_bytes() })
            .map_err(|_| damaged())
    }
}

/// How secrets that only need comparing are kept.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_for_one_purpose_does_not_open_for_another() {
        let random = Random::system();
        let folder = std::env::temp_dir().join(format!("mintreu-keyring-{}", hex::encode(random.bytes::<8>())));
        let ring = Keyring::open_or_create(&folder, &random).unwrap();
        let sealed = ring.seal(&random, "database", b"postgres://secret").unwrap();
        let again = Keyring::open_or_create(&folder, &random).unwrap();
        assert_eq!(again.open("database", &sealed).unwrap(), b"postgres://secret");
        assert!(again.open("other", &sealed).is_err());
        fs::remove_file(folder).unwrap();
    }
}
