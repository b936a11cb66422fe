//! The REST API, called in process on both databases.

#![expect(unreachable_pub, reason = "modules of one program of tests")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read an answer has failed")]

mod access;
mod api;
mod document;
mod hostile;
mod journey;
mod lists;
mod repeats;
mod world;
