//! One file per scenario.

pub(crate) mod clients;
pub(crate) mod commit;
pub(crate) mod database;
pub(crate) mod disk;
pub(crate) mod flood;
pub(crate) mod kill;
pub(crate) mod provisioning;
pub(crate) mod replicas;
pub(crate) mod rolling;
