//! Pages that everybody may see.

pub mod catalogue;
pub mod errors;
pub mod landing;
pub mod product;
pub mod product_card;
pub mod reference;
pub mod routes;
pub mod schema;
pub mod status;
