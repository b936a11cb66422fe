//! `/t/{tenant}/inbox`: what the tenant's members are told, and what the viewer has read of it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::view::NotificationView;

use super::frame::{frame, param};
use crate::{components::prelude::*, context::control, load::load};

const READ: &str = "/_fn/inbox/read";

#[component]
pub fn Inbox() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (control, query) = (control()?, Query::current().list());
        let (who, frame) = frame::<ViewTenant>(&slug).await?;
        let notifications = control.list_notifications(&who, &query).await?;
        let now = control.clock.now();
        let rows = notifications.data.into_iter().map(|one| row(&slug, one, now)).collect();
        let columns = vec![Column::new("Notification"), Column::new("When")];
        let state = Filter {
            key: "status",
            label: "Read",
            any: "Read and unread",
            options: [("unread", "Unread"), ("read", "Read")].map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec(),
        };
        let all = (frame.unread > 0).then(|| {
            view! { <PostButton action=READ label="Mark all as read" icon="check" fields=vec![("tenant", slug.clone())] /> }.into_any()
        });
        let empty = view! {
            <EmptyState icon="bell" title="Nothing yet">
                "Quotas that are nearly used, applications that are ready or failed, and subscriptions that ended are told here."
            </EmptyState>
        };
        Ok(view! {
            <TenantShell frame=frame title="Inbox" current="inbox">
                <PageHeader title="Inbox" lede="What you should know, newest first, for half a year. Everybody reads it for themselves." actions=all />
                <List of="notifications" columns=columns rows=rows total=notifications.total search="Words in it" filters=vec![state] empty=empty />
            </TenantShell>
        })
    })
}

fn row(slug: &str, one: NotificationView, now: DateTime<Utc>) -> Row {
    let is_new = one.read_at.is_none();
    let subject = match one.link {
        Some(link) => view! { <a href=link>{one.subject.clone()}</a> }.into_any(),
        None => one.subject.clone().into_any(),
    };
    let text = one.text.split("\n\n").map(|paragraph| view! { <p class="muted small">{paragraph.to_owned()}</p> }).collect_view();
    // Beside the time and not at the row's end, where it would cover the subject on a phone.
    let mark = is_new.then(|| {
        let fields = vec![("tenant", slug.to_owned()), ("notification", one.id.to_string())];
        view! { <PostButton action=READ label="Mark as read" small=true fields=fields about=one.subject /> }
    });
    Row::new(cells![
        view! { <div class="stack stack-s"><p>{subject}{is_new.then(|| view! { " "<Tag label="New" accent=true /> })}</p>{text}</div> },
        view! { <div class="stack stack-s"><When at=one.created_at now=now />{mark}</div> },
    ])
}
