//! A real gateway between a scripted raw-TCP client and a scripted raw-TCP service, in one
//! process. Build a [`World`], change what it knows through its methods, talk through a
//! [`client::Client`]. Everything waits for conditions with a deadline, never for time.

pub(crate) mod client;
pub(crate) mod http2;
pub(crate) mod service;
pub(crate) mod tls;
pub(crate) mod world;

pub(crate) use client::{Answer, Client};
pub(crate) use service::Service;
pub(crate) use world::{Key, World};

use std::time::{Duration, Instant};

/// Long enough for a loaded machine, short enough for a failing test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "in vain waited for: {what}");
        std::thread::yield_now();
    }
}
