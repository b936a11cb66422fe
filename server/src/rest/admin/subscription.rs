//! Subscriptions of everybody.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::{
    list::{List, ListQuery},
    view::SubscriptionView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Listing},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_any_subscriptions))
}

/// Subscriptions of all tenants
#[utoipa::path(get, path = "/admin/subscriptions", tag = "Admin: subscriptions", params(ListQuery), responses((status = 200, body = List<SubscriptionView>)))]
async fn list_any_subscriptions(
    State(control): State<Control>,
    Admin(who): Admin,
    Listing(query): Listing,
) -> Answer<List<SubscriptionView>> {
    Ok(Json(control.list_any_subscriptions(&who, &query).await?))
}
