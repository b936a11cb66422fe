//! What the tests of every crate share; never part of a shipped program.
//!
//! That are throw-away servers ([`Postgres`], [`Redis`]) and the count of cases per engine
//! ([`tally`]). It starts the installed programs instead of a container, so that `cargo test` needs
//! neither Docker nor set-up. Something belongs here when the tests of two crates need it and it
//! needs neither of them.

mod guard;
mod postgres;
mod redis;
mod tally;

pub use postgres::{Postgres, SERVER_VARIABLE, StartError};
pub use redis::Redis;
pub use tally::tally;
