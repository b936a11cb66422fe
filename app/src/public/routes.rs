//! Addresses of the public pages.

use super::{catalogue::Catalogue, errors::Errors, landing::Landing, product::Product, reference::Reference, status::StatusPage};
use crate::routes::area;

area!(PublicRoutes:
    "/" => Landing,
    "/catalog" => Catalogue,
    "/catalog/:product" => Product,
    "/status" => StatusPage,
    "/docs/api" => Reference,
    "/docs/errors" => Errors,
);
