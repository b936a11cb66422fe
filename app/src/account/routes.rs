//! Addresses of the pages of accounts.

use crate::routes::area;

area!(AccountRoutes:);
