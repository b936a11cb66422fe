//! The tenant's audit log.

use axum::{Json, extract::State};
use mintreu_control::{Control, access::ViewAudit};
use mintreu_model::{
    list::{List, ListQuery},
    view::AuditView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    extract::{Listing, Member},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Who did what in the tenant, newest first; `status` filters by the kind of the object
#[utoipa::path(get, path = "/tenants/{t}/audit", tag = "Audit", params(ListQuery), responses((status = 200, body = List<AuditView>)))]
async fn list_audit(State(control): State<Control>, Member(who): Member<ViewAudit>, Listing(query): Listing) -> Answer<List<AuditView>> {
    Ok(Json(control.list_audit(&who, &query).await?))
}
