//! The back office: a file or folder per noun. A page begins with `frame`, which proves that a
//! super admin is looking and gives what the shell shows.

pub mod application;
pub mod audit;
pub mod confirm;
pub mod filter;
pub mod frame;
pub mod gateway;
pub mod job;
pub mod mail;
pub mod overview;
pub mod plan;
pub mod product;
pub mod routes;
pub mod service;
pub mod setting;
pub mod sheet;
pub mod subscription;
pub mod tenant;
pub mod usage;
pub mod user;
