//! `/admin/audit`, and its table, which tenants' pages show too.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{list, view::AuditView};

use super::{
    frame::frame,
    sheet::{Sheet, maybe},
};
use crate::{components::prelude::*, load::load, tenant::happened};

/// The list as a file.
pub const SHEET: Sheet<AuditView> = Sheet {
    of: "audit",
    id: |entry| entry.id.to_string(),
    figures: &[
        ("What", "action", |entry| entry.action.clone()),
        ("What", "target_kind", |entry| entry.target_kind.clone()),
        ("What", "target_id", |entry| entry.target_id.clone()),
        ("What", "target_name", |entry| entry.target_name.clone()),
        ("When", "at", |entry| machine(entry.at)),
        ("Tenant", "tenant", |entry| maybe(entry.tenant_name.as_ref())),
        ("Who", "actor", |entry| entry.actor.clone()),
        ("From", "address", |entry| maybe(entry.address.as_ref())),
        ("Changes", "before", |entry| maybe(entry.before.as_ref())),
        ("Changes", "after", |entry| maybe(entry.after.as_ref())),
    ],
};

/// What entries may be about, and how that is said.
const ABOUT: [(&str, &str); 13] = [
    ("tenant", "Tenants"),
    ("user", "Users and members"),
    ("invitation", "Invitations"),
    ("subscription", "Subscriptions"),
    ("application", "Applications"),
    ("key", "Keys"),
    ("token", "API tokens"),
    ("service", "Services"),
    ("product", "Products"),
    ("plan", "Plans"),
    ("job", "Jobs"),
    ("setting", "Settings"),
    ("clock", "The test clock"),
];

/// The page about what an entry was done to, where it has one by id.
#[must_use]
pub fn href(entry: &AuditView) -> Option<String> {
    let folder = match entry.target_kind.as_str() {
        "tenant" => "tenants",
        "user" => "users",
        "application" => "applications",
        _ => return None,
    };
    Some(format!("/admin/{folder}/{}", entry.target_id))
}

fn row(entry: AuditView, now: DateTime<Utc>, of_tenant: bool) -> Row {
    let what = happened::item(&entry, now, href(&entry)).what.view();
    let who = if entry.actor == "platform" { "The platform".to_owned() } else { entry.actor };
    let from = entry.address.unwrap_or_else(|| "—".to_owned());
    let changes = view! { <Differences before=entry.before after=entry.after /> };
    let mut cells = cells![what, view! { <When at=entry.at now=now /> }, who, from, changes];
    if !of_tenant {
        cells.insert(2, entry.tenant_name.unwrap_or_else(|| "—".to_owned()).into());
    }
    Row::new(cells)
}

#[component]
pub fn AuditList(
    entries: list::List<AuditView>,
    now: DateTime<Utc>,
    /// All of them are about one tenant.
    #[prop(optional)]
    of_tenant: bool,
) -> impl IntoView {
    let mut columns = vec![Column::new("What"), Column::new("When"), Column::new("Who"), Column::new("From"), Column::new("Changes")];
    if !of_tenant {
        columns.insert(2, Column::new("Tenant"));
    }
    let about = Filter {
        key: "status",
        label: "About",
        any: "About anything",
        options: ABOUT.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec(),
    };
    let csv = (!of_tenant).then(|| "/admin/audit.csv".to_owned());
    let total = entries.total;
    let rows = entries.data.into_iter().map(|entry| row(entry, now, of_tenant)).collect();
    let empty =
        view! { <EmptyState icon="clock" title="Nothing has happened yet">"Every change is noted here, with who made it."</EmptyState> };
    view! {
        <List of="entries" columns=columns rows=rows total=total search="Person, action or name" filters=vec![about] dense=true empty=empty
            nostrip:csv=csv />
    }
    .into_any()
}

#[component]
pub fn Audit() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let entries = control.list_any_audit(&who, &Query::current().list()).await?;
        let now = control.clock.now();
        Ok(view! {
            <AdminShell frame=frame title="Audit log" current="audit">
                <PageHeader title="Audit log" lede="Who changed what, newest first. Entries cannot be changed. Times in UTC." />
                <AuditList entries=entries now=now />
            </AdminShell>
        })
    })
}
