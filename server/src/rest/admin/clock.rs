//! The test clock: business time that can be moved forward.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use mintreu_control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{Answer, extract::Admin, read::Body};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(advance_clock))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceClock {
    /// 0 reads the time.
    advance_seconds: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ClockView {
    now: DateTime<Utc>,
}

/// Move business time forward and run what falls due; only with `MINTREU_TEST_CLOCK=1`
#[utoipa::path(post, path = "/admin/clock", tag = "Admin: clock", request_body = AdvanceClock, responses((status = 200, body = ClockView)))]
async fn advance_clock(State(control): State<Control>, Admin(who): Admin, Body(form): Body<AdvanceClock>) -> Answer<ClockView> {
    Ok(Json(ClockView { now: control.advance_clock(&who, form.advance_seconds).await? }))
}
