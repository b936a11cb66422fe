//! The inbox of a tenant: everybody marks as read for themselves.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::id::NotificationId;
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, permit},
};

/// Which notification; all of them without one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadInbox {
    pub tenant: String,
    #[serde(default)]
    pub notification: Option<NotificationId>,
}

#[server(prefix = "/_fn", endpoint = "inbox/read")]
pub async fn read_notification(form: ReadInbox) -> Result<Done, Error> {
    let (control, who) = (control()?, permit::<ViewTenant>(&form.tenant).await?);
    let inbox = format!("/t/{}/inbox", form.tenant);
    if let Some(id) = form.notification {
        control.read_notification(&who, id).await?;
        return Ok(Done::to(inbox));
    }
    control.read_all_notifications(&who).await?;
    Ok(Done::to(inbox).saying("Everything is marked as read."))
}
