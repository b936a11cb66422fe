//! Subscriptions of a tenant.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{
    Control,
    access::{ManageSubscriptions, ViewTenant},
};
use mintreu_model::{
    form::subscription::{Cancel, ChangePlan, Subscribe},
    id::{SubscriptionId, TenantId},
    list::{List, ListQuery},
    view::SubscriptionView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Answered,
    extract::{Listing, Member, Path},
    read::Body,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(subscribe, list_subscriptions))
        .routes(routes!(get_subscription, change_plan))
        .routes(routes!(cancel_subscription))
        .routes(routes!(resume_subscription))
}

type Ids = (TenantId, SubscriptionId);

/// Subscribe to a product on one of its plans
#[utoipa::path(post, path = "/tenants/{t}/subscriptions", tag = "Subscriptions", request_body = Subscribe, responses((status = 201, body = SubscriptionView)))]
async fn subscribe(
    State(control): State<Control>,
    Member(who): Member<ManageSubscriptions>,
    Body(form): Body<Subscribe>,
) -> Answered<SubscriptionView> {
    Ok((StatusCode::CREATED, Json(control.subscribe(&who, &form).await?)))
}

/// Subscriptions of the tenant
#[utoipa::path(get, path = "/tenants/{t}/subscriptions", tag = "Subscriptions", params(ListQuery), responses((status = 200, body = List<SubscriptionView>)))]
async fn list_subscriptions(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Listing(query): Listing,
) -> Answer<List<SubscriptionView>> {
    Ok(Json(control.list_subscriptions(&who, &query).await?))
}

/// One subscription, with what is left of its quota
#[utoipa::path(get, path = "/tenants/{t}/subscriptions/{subscription}", tag = "Subscriptions", responses((status = 200, body = SubscriptionView)))]
async fn get_subscription(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<Ids>,
) -> Answer<SubscriptionView> {
    Ok(Json(control.get_subscription(&who, id).await?))
}

/// Change the plan of a subscription
#[utoipa::path(patch, path = "/tenants/{t}/subscriptions/{subscription}", tag = "Subscriptions", request_body = ChangePlan, responses((status = 200, body = SubscriptionView)))]
async fn change_plan(
    State(control): State<Control>,
    Member(who): Member<ManageSubscriptions>,
    Path((_, id)): Path<Ids>,
    Body(form): Body<ChangePlan>,
) -> Answer<SubscriptionView> {
    Ok(Json(control.change_plan(&who, id, &form).await?))
}

/// Cancel a subscription, now or at the end of its period
#[utoipa::path(post, path = "/tenants/{t}/subscriptions/{subscription}/cancel", tag = "Subscriptions", request_body = Cancel, responses((status = 200, body = SubscriptionView)))]
async fn cancel_subscription(
    State(control): State<Control>,
    Member(who): Member<ManageSubscriptions>,
    Path((_, id)): Path<Ids>,
    Body(form): Body<Cancel>,
) -> Answer<SubscriptionView> {
    Ok(Json(control.cancel_subscription(&who, id, &form).await?))
}

/// Take a cancellation at the period's end back
#[utoipa::path(post, path = "/tenants/{t}/subscriptions/{subscription}/resume", tag = "Subscriptions", responses((status = 200, body = SubscriptionView)))]
async fn resume_subscription(
    State(control): State<Control>,
    Member(who): Member<ManageSubscriptions>,
    Path((_, id)): Path<Ids>,
) -> Answer<SubscriptionView> {
    Ok(Json(control.resume_subscription(&who, id).await?))
}
