//! Addresses of the public pages.

use super::landing::Landing;
use crate::routes::area;

area!(PublicRoutes: "/" => Landing);
