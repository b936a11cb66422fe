//! What a tenant's members are told: quotas that are used up, applications, subscriptions.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, access::ViewTenant};
use mintreu_model::{
    id::{NotificationId, TenantId},
    list::{List, ListQuery},
    view::{NotificationView, Unread},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Done,
    extract::{Listing, Member, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list_notifications))
        .routes(routes!(count_unread))
        .routes(routes!(read_notification))
        .routes(routes!(read_all_notifications))
}

/// Notifications of the tenant, newest first
///
/// `read_at` is when the caller read it. `status=unread` leaves out what they have read.
#[utoipa::path(get, path = "/tenants/{t}/notifications", tag = "Inbox", params(ListQuery), responses((status = 200, body = List<NotificationView>)))]
async fn list_notifications(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Listing(query): Listing,
) -> Answer<List<NotificationView>> {
    Ok(Json(control.list_notifications(&who, &query).await?))
}

/// How many notifications the caller has not read
#[utoipa::path(get, path = "/tenants/{t}/notifications/unread", tag = "Inbox", responses((status = 200, body = Unread)))]
async fn count_unread(State(control): State<Control>, Member(who): Member<ViewTenant>) -> Answer<Unread> {
    Ok(Json(control.count_unread(&who).await?))
}

/// Mark a notification as read, for the caller
#[utoipa::path(post, path = "/tenants/{t}/notifications/{notification}/read", tag = "Inbox", responses((status = 200, body = NotificationView)))]
async fn read_notification(
    State(control): State<Control>,
    Member(who): Member<ViewTenant>,
    Path((_, id)): Path<(TenantId, NotificationId)>,
) -> Answer<NotificationView> {
    Ok(Json(control.read_notification(&who, id).await?))
}

/// Mark all notifications as read, for the caller
#[utoipa::path(post, path = "/tenants/{t}/notifications/read", tag = "Inbox", responses((status = 204)))]
async fn read_all_notifications(State(control): State<Control>, Member(who): Member<ViewTenant>) -> Done {
    control.read_all_notifications(&who).await?;
    Ok(StatusCode::NO_CONTENT)
}
