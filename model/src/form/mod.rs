//! What people and programs send, with `validate()` that names every wrong field. One struct
//! serves the REST body and the server function; where a page types a thing differently (a price
//! with a decimal point, routes as lines) `form::page` has the page's shape and turns it into
//! this one. To add a form: a struct with `deny_unknown_fields`, bounds in `validate`.

pub mod account;
pub mod application;
pub mod catalogue;
mod check;
pub mod config;
pub mod lenient;
pub mod page;
pub mod subscription;
pub mod tenant;
pub mod upstream;
pub mod usage;

pub use check::{Check, is_hostile, may_be_slug};

use crate::problem::FieldError;

/// A form that can say what is wrong with it.
pub trait Validate {
    /// # Errors
    /// Every wrong field, in the order of the form.
    fn validate(&self) -> Result<(), Vec<FieldError>>;
}
