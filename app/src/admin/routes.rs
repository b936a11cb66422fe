//! Addresses of the back office.

use super::{
    plan::{ArchivePlan, EditPlan, NewPlan},
    product::{ArchiveProduct, DeleteProduct, EditProduct, NewProduct, ProductPlans, Products, PublishProduct},
    service::{DeleteService, EditService, NewService, Services},
};
use crate::routes::area;

area!(AdminRoutes:
    "/admin/services" => Services,
    "/admin/services/new" => NewService,
    "/admin/services/:slug" => EditService,
    "/admin/services/:slug/delete" => DeleteService,
    "/admin/products" => Products,
    "/admin/products/new" => NewProduct,
    "/admin/products/:slug" => EditProduct,
    "/admin/products/:slug/publish" => PublishProduct,
    "/admin/products/:slug/archive" => ArchiveProduct,
    "/admin/products/:slug/delete" => DeleteProduct,
    "/admin/products/:slug/plans" => ProductPlans,
    "/admin/products/:slug/plans/new" => NewPlan,
    "/admin/products/:slug/plans/:code" => EditPlan,
    "/admin/products/:slug/plans/:code/archive" => ArchivePlan,
);
