//! Addresses of the public pages.

use super::{catalogue::Catalogue, errors::Errors, landing::Landing, product::Product, status::StatusPage};
use crate::routes::area;

area!(PublicRoutes:
    "/" => Landing,
    "/catalog" => Catalogue,
    "/catalog/:product" => Product,
    "/status" => StatusPage,
    "/docs/errors" => Errors,
);
