//! Settings that may be changed while the platform runs.

use axum::{Json, extract::State};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    list::{List, ListQuery},
    view::SettingView,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Listing, Name, Path},
    read::Body,
    refusal::Refusal,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_settings)).routes(routes!(change_setting))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSetting {
    value: i64,
}

/// Settings with their bounds
#[utoipa::path(get, path = "/admin/settings", tag = "Admin: settings", params(ListQuery), responses((status = 200, body = List<SettingView>)))]
async fn list_settings(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<SettingView>> {
    Ok(Json(part(control.list_settings(&who).await?, &query, |setting| setting.key.clone())?))
}

/// Change a setting
#[utoipa::path(patch, path = "/admin/settings/{setting}", tag = "Admin: settings", request_body = ChangeSetting, responses((status = 200, body = SettingView)))]
async fn change_setting(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(key)): Path<Name>,
    Body(form): Body<ChangeSetting>,
) -> Answer<SettingView> {
    control.change_setting(&who, &key, form.value).await?;
    let after = control.list_settings(&who).await?.into_iter().find(|setting| setting.key == key);
    after.map(Json).ok_or_else(|| Refusal::not_found("setting"))
}
