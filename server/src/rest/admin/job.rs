//! Jobs: what the platform does by itself.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::Control;
use mintreu_model::{
    id::JobId,
    list::{List, ListQuery},
    view::JobView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered,
    extract::{Admin, Listing, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_jobs)).routes(routes!(retry_job))
}

/// Jobs, newest first
#[utoipa::path(get, path = "/admin/jobs", tag = "Admin: jobs", params(ListQuery), responses((status = 200, body = List<JobView>)))]
async fn list_jobs(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<JobView>> {
    Ok(Json(control.list_jobs(&who, &query).await?))
}

/// Run a dead job again
#[utoipa::path(post, path = "/admin/jobs/{job}/retry", tag = "Admin: jobs", responses((status = 202, body = JobView)))]
async fn retry_job(State(control): State<Control>, Admin(who): Admin, Path(id): Path<JobId>) -> Answered<JobView> {
    Ok((StatusCode::ACCEPTED, Json(control.retry_job(&who, id).await?)))
}
