//! Addresses of a tenant's dashboard.

use crate::routes::area;

area!(TenantRoutes:);
