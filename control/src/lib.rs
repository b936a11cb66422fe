//! The control plane: truth, its rules, and the transactions that change it. No HTTP server, no
//! pages. Every operation is a method of [`Control`], in the folder of its noun: rules and
//! transactions in `mod.rs` or a file per operation, SQL in `store.rs`. An operation takes proof
//! that its caller may do it ([`Actor`], [`Permitted`], [`Operator`]), never an id to trust.

pub mod access;
pub mod account;
pub mod application;
pub mod audit;
pub mod bulk;
pub mod catalogue;
pub mod clock;
pub mod csv;
mod error;
pub mod idempotency;
pub mod inbox;
pub mod jobs;
pub mod key;
pub mod keyring;
pub mod mail;
mod outbound;
mod passing;
mod provision;
pub mod search;
pub mod setting;
pub mod store;
pub mod subscription;
pub mod tenant;
pub mod usage;

use std::{ops::Deref, sync::Arc};

pub use access::{Actor, Operator, Permitted, Source};
pub use error::{Error, chain};
pub use provision::{Master, check_app_database_url, examine_app_database_url};

use crate::{
    clock::{Clock, Random},
    keyring::Keyring,
    store::Db,
};

pub type Result<T> = std::result::Result<T, Error>;

/// What the domain needs to know of its surroundings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Without a slash at the end; for links in mail.
    pub public_url: String,
    /// Base of the gateway, shown to tenants: `https://api.example.com` or the public URL.
    pub gateway_url: String,
    pub data_dir: std::path::PathBuf,
    /// `postgres://…` on which application databases are made; none makes SQLite files.
    pub app_database_url: Option<String>,
    pub smtp_url: Option<String>,
    /// Lets a super admin move business time.
    pub test_clock: bool,
    /// Service addresses may be on link-local networks.
    pub allow_link_local_services: bool,
    /// PEM file of authorities that services' certificates may be from, beside the public ones.
    pub service_ca: Option<std::path::PathBuf>,
}

/// The façade. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control(Arc<Parts>);

/// What operations work with.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    pub keyring: Keyring,
    pub config: Config,
    pub(crate) passwords: account::Passwords,
    pub(crate) throttle: account::Throttle,
    pub(crate) outbound: outbound::Outbound,
    pub(crate) databases: provision::Databases,
    pub(crate) watcher: catalogue::Watcher,
    pub(crate) watchers: application::watch::Watchers,
    /// Jobs that this process runs now.
    pub(crate) running: jobs::Running,
    pub(crate) notes: passing::Notes,
    pub(crate) last_used: usage::LastUsed,
    pub(crate) spare_batch: usage::Spare,
}

impl Deref for Control {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Control {
    #[must_use]
    pub fn new(db: Db, clock: Clock, random: Random, keyring: Keyring, config: Config) -> Self {
        let passwords = account::Passwords::new(&random);
        let throttle = account::Throttle::new();
        let outbound = outbound::Outbound::new(config.allow_link_local_services, config.service_ca.as_deref());
        let databases = provision::Databases::new(&config);
        let (watchers, running, notes) = (application::watch::Watchers::new(), jobs::Running::default(), passing::Notes::default());
        Self(Arc::new(Parts {
            db,
            clock,
            random,
            keyring,
            config,
            passwords,
            throttle,
            outbound,
            databases,
            watcher: catalogue::Watcher::default(),
            watchers,
            running,
            notes,
            last_used: usage::LastUsed::default(),
            spare_batch: usage::Spare::default(),
        }))
    }

    /// A fresh id of any kind.
    pub(crate) fn id<T: From<uuid::Uuid>>(&self) -> T {
        T::from(self.random.uuid(self.clock.now()))
    }

    /// `name-of-it-4f9k2`: readable, unique by chance and checked by the database.
    pub(crate) fn slug(&self, name: &str) -> String {
        let mut slug = String::new();
        for character in name.chars().flat_map(char::to_lowercase) {
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.ends_with('-') && !slug.is_empty() {
                slug.push('-');
            }
            if slug.len() >= 32 {
                break;
            }
        }
        let suffix = &hex::encode(self.random.bytes::<4>());
        match slug.trim_end_matches('-') {
            "" => suffix.clone(),
            readable => format!("{readable}-{}", suffix.get(..5).unwrap_or(suffix)),
        }
    }
}
