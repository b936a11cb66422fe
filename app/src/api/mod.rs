//! Server functions, one file per noun: `#[server(prefix = "/_fn", endpoint = "key/create")]
//! async fn create_key(form: NewKey) -> Result<Done, Error>`. The form layer of the server turns
//! the outcome into a redirect with a flash; the function only says what happened.

pub mod account;
pub mod application;
pub mod bulk;
pub mod inbox;
pub mod invitation;
pub mod key;
pub mod member;
pub mod operate;
pub mod plan;
pub mod product;
pub mod profile;
pub mod service;
pub mod setting;
pub mod subscription;
pub mod tenant;
