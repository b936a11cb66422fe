//! The program as it is started: real processes, real sockets, real databases of both kinds, with
//! names of one's own from an empty `mintreu serve`.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod cache;
mod database;
mod exactness;
mod health;
mod isolation;
mod life;
mod memory;
mod redis;
mod replicas;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mintreu");
