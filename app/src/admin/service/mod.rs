//! Services: the programs behind products, and whether they are well.

mod edit;
mod form;
mod health;
mod list;

pub use edit::{DeleteService, EditService, NewService};
pub use list::Services;
