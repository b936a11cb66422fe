//! The back office: a file or folder per noun. A page begins with `frame`, which proves that a
//! super admin is looking and gives what the shell shows.

pub mod confirm;
pub mod filter;
pub mod frame;
pub mod plan;
pub mod product;
pub mod routes;
pub mod service;
