//! What the tests of every crate share; never part of a shipped program.
//!
//! That is a throw-away Postgres ([`Postgres`]) and the count of cases per engine ([`tally`]). It starts the installed server
//! binaries instead of a container, so that `cargo test` needs neither Docker nor set-up. Something
//! belongs here when the tests of two crates need it and it needs neither of them.

mod postgres;
mod tally;

pub use postgres::{Postgres, SERVER_VARIABLE, StartError};
pub use tally::tally;
