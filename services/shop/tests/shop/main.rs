//! The shop as the platform and its tenants meet it: real HTTP, both database engines.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod cart;
mod customer;
mod description;
mod fixture;
mod hostile;
mod isolation;
mod lifecycle;
mod order;
mod product;
