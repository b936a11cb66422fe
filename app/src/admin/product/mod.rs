//! Products: what is sold, what tenants will see of it, and its plans.

mod details;
mod form;
pub mod head;
mod list;
mod plans;
mod preview;
mod publish;

pub use details::{DeleteProduct, EditProduct, NewProduct};
pub use head::ProductHead;
pub use list::Products;
pub use plans::ProductPlans;
pub use publish::{ArchiveProduct, PublishProduct};
