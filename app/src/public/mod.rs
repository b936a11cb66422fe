//! Pages that everybody may see.

pub mod landing;
pub mod routes;
