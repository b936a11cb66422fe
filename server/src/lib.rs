//! The program `mintreu`: joins the domain (`control`), the gateway, the pages (`app`) and the
//! REST API behind one port. `serve` is where it all comes together; start reading there.

pub mod admin;
pub mod config;
mod csv;
pub mod demo;
pub mod doctor;
mod events;
pub mod forms;
pub mod journal;
mod operations;
mod palette;
pub mod plane;
pub mod rest;
pub mod serve;
mod session;
pub mod telemetry;
pub mod urgency;
pub mod web;

/// A failure to start or to do what a command asked, told to who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// `what` with the chain of causes behind it.
    pub fn new(what: &str, error: &dyn std::error::Error) -> Self {
        Self(format!("{what}: {}", mintreu_control::chain(error)))
    }
}
