//! Mail that the platform wrote; kept to be read here when there is no SMTP server.

use axum::{Json, extract::State};
use mintreu_control::Control;
use mintreu_model::{
    id::MailId,
    list::{List, ListQuery},
    view::MailView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer,
    extract::{Admin, Listing, Path},
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list_mail)).routes(routes!(get_mail))
}

/// Mail, newest first
#[utoipa::path(get, path = "/admin/mail", tag = "Admin: mail", params(ListQuery), responses((status = 200, body = List<MailView>)))]
async fn list_mail(State(control): State<Control>, Admin(who): Admin, Listing(query): Listing) -> Answer<List<MailView>> {
    Ok(Json(control.list_mail(&who, &query).await?))
}

/// One mail
#[utoipa::path(get, path = "/admin/mail/{mail}", tag = "Admin: mail", responses((status = 200, body = MailView)))]
async fn get_mail(State(control): State<Control>, Admin(who): Admin, Path(id): Path<MailId>) -> Answer<MailView> {
    Ok(Json(control.get_mail(&who, id).await?))
}
