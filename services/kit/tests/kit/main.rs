//! The kit as a service author meets it: a small service over real HTTP.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod fixture;
mod identity;
mod lifecycle;
mod request;
