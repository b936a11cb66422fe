//! The platform as it is started, for tests and fault programs: a real `mintreu serve`, a client of
//! its REST API, a service behind it and a company on it. What breaks on purpose is in the scenarios
//! of the binary; something belongs here when two of them, or a test of the server, need it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test that cannot set up has failed"
)]

pub mod books;
pub mod calls;
pub mod company;
pub mod echo;
pub mod load;
pub mod platform;
pub mod proxy;
pub mod visitor;
