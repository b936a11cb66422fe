//! The dashboard of a tenant: one file or folder per page. A page begins with `frame`, which
//! proves the right it needs and gives what the shell shows.

pub mod activity;
pub mod application;
pub mod config_form;
pub mod frame;
pub mod happened;
pub mod home;
pub mod inbox;
pub mod quota;
pub mod routes;
pub mod settings;
pub mod steps;
pub mod subscription;
pub mod team;
pub mod usage;
pub mod words;
