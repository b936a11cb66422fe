//! `…/keys`: the keys of the application.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{
    role::Permission,
    status::{ApplicationStatus, KeyStatus},
    view::KeyView,
};

use super::head::{Address, open};
use crate::{cells, components::prelude::*, load::load};

#[component]
pub fn KeysPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let now = opened.control.clock.now();
        let list = opened.control.list_keys(&opened.who, opened.application.id, &Query::current().list()).await?;
        let may = opened.who.role().may(Permission::ManageKeys)
            && !matches!(opened.application.status, ApplicationStatus::Deleting | ApplicationStatus::Deleted);
        let status = Filter {
            key: "status",
            label: "Status",
            any: "Any status",
            options: KeyStatus::ALL.iter().map(|status| (status.to_string(), humanise(status.as_str()))).collect(),
        };
        let columns = vec![
            Column::new("Name"),
            Column::new("Status"),
            Column::new("Client ID"),
            Column::new("May call"),
            Column::new("From"),
            Column::new("Last used"),
            Column::new("Expires"),
        ];
        let rows = list
            .data
            .iter()
            .map(|key| {
                let href = opened.address.href(&format!("/keys/{}", key.id));
                let row = row(key, href.clone(), now);
                if may && matches!(key.status, KeyStatus::Active | KeyStatus::Expiring) {
                    row.actions(view! { <LinkButton href=format!("{href}/rotate") label="Rotate" small=true about=key.name.clone() /> })
                } else {
                    row
                }
            })
            .collect();
        let new = opened.address.href("/keys/new");
        let create = move || view! { <LinkButton href=new.clone() label="New key" look=Look::Primary icon="plus" /> };
        let empty = if may {
            view! {
                <EmptyState icon="key" title="No keys yet" actions=create()>"A key lets a program call the application. Give each program its own."</EmptyState>
            }
            .into_any()
        } else {
            view! { <EmptyState icon="key" title="No keys yet">"Somebody with the role developer, admin or owner can create one."</EmptyState> }.into_any()
        };
        let actions = may.then(|| Slot::from(create()));
        let content = view! {
            <List of="keys" columns=columns rows=rows total=list.total search="Name or client ID" filters=vec![status] empty=empty />
        }
        .into_any();
        Ok(opened.page("keys", "Keys", actions, content))
    })
}

fn row(key: &KeyView, href: String, now: DateTime<Utc>) -> Row {
    let (name, client_id, last_four) = (key.name.clone(), key.client_id.clone(), key.secret_last_four.clone());
    let expires = match key.expires_at {
        Some(at) => view! { <When at=at now=now /> }.into_any(),
        None => "Never".into_any(),
    };
    let used = match key.last_used_at {
        Some(at) => view! { <When at=at now=now /> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    Row::new(cells![
        view! { <a href=href>{name}</a><span class="sub mono">{format!("…{last_four}")}</span> },
        view! { <Status name=key.status.as_str() /> },
        view! { <code>{shorten(&client_id)}</code> },
        may_call(key),
        from(key),
        used,
        expires,
    ])
}

/// `mci_7k2m…wd4x`.
fn shorten(id: &str) -> String {
    match (id.get(..8), id.len().checked_sub(4).and_then(|at| id.get(at..))) {
        (Some(begin), Some(end)) if id.len() > 16 => format!("{begin}…{end}"),
        _ => id.to_owned(),
    }
}

/// “Every route”, “3 routes”.
pub(super) fn may_call(key: &KeyView) -> String {
    match key.scopes.as_slice() {
        [] => "Every route".into(),
        [one] => one.to_string(),
        many => format!("{} routes", many.len()),
    }
}

/// “Anywhere”, “203.0.113.0/24”, “3 networks”.
pub(super) fn from(key: &KeyView) -> String {
    match key.allowed_ips.as_slice() {
        [] => "Anywhere".into(),
        [one] => one.to_string(),
        many => format!("{} networks", many.len()),
    }
}
