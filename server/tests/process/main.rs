//! The program as it is started: real processes, real sockets, real databases of both kinds, with
//! names of one's own from an empty `mintreu serve`.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use mintreu_faults::platform::Platform;

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

/// A platform of its own on each engine.
async fn on_both(case: impl AsyncFn(Platform)) {
    for postgres in [false, true] {
        case(Platform::start(PROGRAM, postgres).await).await;
        mintreu_testing::tally(if postgres { "postgres" } else { "sqlite" });
    }
}
