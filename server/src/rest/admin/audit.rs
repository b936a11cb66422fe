//! The audit log of the whole platform.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::{
    list::{List, ListQuery},
    view::AuditView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Listing},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_any_audit))
}

/// Who did what, newest first; `status` filters by the kind of the object
#[utoipa::path(get, path = "/admin/audit", tag = "Admin: audit", params(ListQuery), responses((status = 200, body = List<AuditView>)))]
async fn list_any_audit(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<AuditView>> {
    Ok(Json(control.list_any_audit(&who, &query).await?))
}
