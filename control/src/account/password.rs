//! Argon2id (OWASP: 19 MiB, two passes), behind a semaphore so that a flood of log-ins cannot take
//! all memory and cores.

use std::{num::NonZeroUsize, thread::available_parallelism};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString};
use tokio::sync::Semaphore;

use crate::{Error, Result, clock::Random};

/// Hashes in flight at once on many cores, 19 MiB each; the others wait.
const MOST_AT_ONCE: usize = 8;

#[derive(Debug)]
pub struct Passwords {
    permits: Semaphore,
    /// Hash of a password nobody has, so that unknown accounts cost the same time.
    decoy: String,
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hash_now(password: &str, salt: [u8; 16]) -> Result<String> {
    let salt = SaltString::encode_b64(&salt).map_err(|error| Error::internal("hashing failed", error.to_string()))?;
    let hash = argon().hash_password(password.as_bytes(), &salt).map_err(|error| Error::internal("hashing failed", error.to_string()))?;
    Ok(hash.to_string())
}

impl Passwords {
    pub(crate) fn new(random: &Random) -> Self {
        let decoy = hash_now(&hex::encode(random.bytes::<16>()), random.bytes()).unwrap_or_default();
        // Half of the cores are left to everything else.
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self { permits: Semaphore::new((cores / 2).clamp(1, MOST_AT_ONCE)), decoy }
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _permit = self.permits.acquire().await.map_err(|error| Error::internal("hashing failed", error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal("hashing failed", error))
    }

    pub(crate) async fn hash(&self, password: &str, random: &Random) -> Result<String> {
        let (password, salt) = (password.to_owned(), random.bytes());
        self.blocking(move || hash_now(&password, salt)).await?
    }

    /// Whether the password fits; for an unknown account (`None`) the same work ends in false.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let known = hash.is_some();
        let (password, hash) = (password.to_owned(), hash.unwrap_or(&self.decoy).to_owned());
        let fits = self
            .blocking(move || PasswordHash::new(&hash).is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok()))
            .await?;
        Ok(fits && known)
    }
}
