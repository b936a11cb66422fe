//! Addresses of the back office.

use crate::routes::area;

area!(AdminRoutes:);
