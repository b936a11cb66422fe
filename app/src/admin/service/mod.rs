//! Services: the programs behind products, and whether they are well.

pub mod edit;
pub mod form;
pub mod health;
pub mod list;

pub use edit::{DeleteService, EditService, NewService};
pub use list::Services;
