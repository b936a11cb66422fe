//! The back office. A page begins with `operator()`.

pub mod routes;
