//! `/t/{tenant}/activity`: the audit log of the tenant.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::{ViewAudit, ViewTenant};
use mintreu_model::{role::Role, view::AuditView};

use super::{
    frame::{frame, param},
    happened,
};
use crate::{components::prelude::*, context::control, load::load};

/// What entries may be about, and how that is said.
const ABOUT: [(&str, &str); 6] = [
    ("application", "Applications"),
    ("key", "Keys"),
    ("subscription", "Subscriptions"),
    ("user", "Members"),
    ("invitation", "Invitations"),
    ("tenant", "The tenant"),
];

#[component]
pub fn Activity() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (control, query) = (control()?, Query::current().list());
        let (who, frame) = frame::<ViewTenant>(&slug).await?;
        let body = match who.also::<ViewAudit>() {
            Err(_) => not_allowed(who.role(), frame.name.clone()).into_any(),
            Ok(who) => {
                let entries = control.list_audit(&who, &query).await?;
                let now = control.clock.now();
                let rows = entries.data.into_iter().map(|entry| row(entry, now)).collect();
                let columns =
                    vec![Column::new("What"), Column::new("When"), Column::new("Who"), Column::new("From"), Column::new("Changes")];
                let about = Filter {
                    key: "status",
                    label: "About",
                    any: "About anything",
                    options: ABOUT.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec(),
                };
                let empty = view! { <EmptyState icon="clock" title="Nothing has happened yet">"Every change is noted here, with who made it."</EmptyState> };
                view! {
                    <List of="entries" columns=columns rows=rows total=entries.total search="Person, action or name" filters=vec![about] empty=empty />
                }
                .into_any()
            }
        };
        Ok(view! {
            <TenantShell frame=frame title="Activity" current="activity">
                <PageHeader title="Activity" lede="Who changed what, newest first. Entries cannot be changed. Times in UTC." />
                {body}
            </TenantShell>
        })
    })
}

fn not_allowed(role: Role, tenant: String) -> impl IntoView {
    view! {
        <EmptyState card=true icon="shield" title="Activity is for owners and admins">
            "Your role here is "{role.title().to_lowercase()}". An owner of "{tenant}" can change that."
        </EmptyState>
    }
}

fn row(entry: AuditView, now: DateTime<Utc>) -> Row {
    let what = happened::item(&entry, now, None).what.view();
    let who = if entry.actor == "platform" { "The platform".to_owned() } else { entry.actor };
    Row::new(cells![
        what,
        view! { <When at=entry.at now=now /> },
        who,
        entry.address.unwrap_or_else(|| "—".to_owned()),
        view! { <Differences before=entry.before after=entry.after /> },
    ])
}
