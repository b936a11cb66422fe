//! Products: what is sold, what tenants will see of it, and its plans.

pub mod details;
pub mod form;
pub mod head;
pub mod list;
pub mod plans;
pub mod preview;
pub mod publish;

pub use details::{DeleteProduct, EditProduct, NewProduct};
pub use head::ProductHead;
pub use list::Products;
pub use plans::ProductPlans;
pub use publish::{ArchiveProduct, PublishProduct};
