//! What is shown: the answers of the REST API and the data of pages, one set of types for both.
//! No secret is ever in a view, except in the `…Created` types that show one once.

mod account;
mod application;
mod catalogue;
mod gateway;
mod inbox;
mod operations;
mod subscription;
mod tenant;
mod usage;

pub use account::*;
pub use application::*;
pub use catalogue::*;
pub use gateway::*;
pub use inbox::*;
pub use operations::*;
pub use subscription::*;
pub use tenant::*;
pub use usage::*;

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    )*};
}
pub(crate) use views;
