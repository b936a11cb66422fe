//! The program as it is started: real processes, real sockets, real databases of both kinds, with
//! names of one's own from an empty `mintreu serve`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set up has failed")]

mod company;
mod exactness;
mod isolation;
mod life;
mod platform;
