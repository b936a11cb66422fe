//! `/admin/users` and `/admin/users/{id}`.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::{MembershipView, UserView};

use super::{
    confirm::Confirm,
    frame::{frame, id},
    sheet::Sheet,
};
use crate::{components::prelude::*, load::load, tenant::frame::param};

#[component]
fn Standing(user: UserView) -> impl IntoView {
    let state = match (user.disabled, user.email_verified) {
        (true, _) => view! { <Badge tone=Tone::Bad label="Disabled" /> },
        (_, false) => view! { <Badge tone=Tone::Warning label="Not verified" /> },
        _ => view! { <Badge tone=Tone::Good label="Active" /> },
    };
    let admin = user.super_admin.then(|| view! { " "<Tag label="Super admin" accent=true /> });
    view! { {state}{admin} }.into_any()
}

/// The list as a file.
pub const SHEET: Sheet<UserView> = Sheet {
    of: "users",
    id: |user| user.id.to_string(),
    figures: &[
        ("User", "name", |user| user.name.clone()),
        ("E-mail", "email", |user| user.email.clone()),
        ("State", "email_verified", |user| user.email_verified.to_string()),
        ("State", "disabled", |user| user.disabled.to_string()),
        ("State", "super_admin", |user| user.super_admin.to_string()),
        ("Registered", "created_at", |user| machine(user.created_at)),
    ],
};

fn row(user: UserView, now: DateTime<Utc>) -> Row {
    Row::new(cells![
        view! { <a href=format!("/admin/users/{}", user.id)>{user.name.clone()}</a> },
        user.email.clone(),
        view! { <Standing user=user.clone() /> },
        view! { <When at=user.created_at now=now /> },
    ])
}

#[component]
pub fn Users() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let users = control.list_users(&who, &Query::current().list()).await?;
        let now = control.clock.system_now();
        let columns = vec![
            Column::new("User").sort("name"),
            Column::new("E-mail").sort("email"),
            Column::new("State"),
            Column::new("Registered").sort("created"),
        ];
        let total = users.total;
        let rows = users.data.into_iter().map(|user| row(user, now)).collect();
        let options = [("admin", "Super admins"), ("unverified", "Not verified"), ("disabled", "Disabled")];
        let filter = Filter {
            key: "status",
            label: "State",
            any: "Any state",
            options: options.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec(),
        };
        let empty = view! { <EmptyState icon="users" title="No users yet">"They appear when somebody registers."</EmptyState> };
        Ok(view! {
            <AdminShell frame=frame title="Users" current="users">
                <PageHeader title="Users" lede="Everybody with an account." />
                <List of="users" columns=columns rows=rows total=total sorted="-created" search="Name or e-mail" filters=vec![filter]
                    dense=true empty=empty csv="/admin/users.csv" />
            </AdminShell>
        })
    })
}

#[component]
fn Memberships(memberships: Vec<MembershipView>) -> impl IntoView {
    if memberships.is_empty() {
        return view! { <Card title="Tenants"><p class="muted">"Belongs to none. Assign them on the page of a tenant."</p></Card> }
            .into_any();
    }
    let rows = memberships
        .into_iter()
        .map(|one| {
            Row::new(cells![
                view! { <a href=format!("/admin/tenants/{}", one.tenant.id)>{one.tenant.name}</a> },
                one.role.title(),
                view! { <Status name=one.tenant.status.as_str() /> },
            ])
        })
        .collect();
    let columns = vec![Column::new("Tenant"), Column::new("Role"), Column::new("Status")];
    view! { <Card title="Tenants" flush=true><Table caption="Tenants of the user" columns=columns rows=rows dense=true /></Card> }
        .into_any()
}

fn up() -> Vec<Crumb> {
    vec![Crumb::new("Users", "/admin/users")]
}

#[component]
pub fn User() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame) = frame().await?;
        let me = control.get_user(&who, id(&address)?).await?;
        let user = me.user;
        let page = format!("/admin/users/{}", user.id);
        let actions = if user.id == who.actor().user_id {
            None
        } else if user.disabled {
            let fields = vec![("user", user.id.to_string())];
            Some(view! { <PostButton action="/_fn/user/enable" label="Enable" fields=fields /> }.into_any())
        } else {
            Some(view! { <LinkButton href=format!("{page}/disable") label="Disable…" look=Look::Danger /> }.into_any())
        };
        let facts: Vec<(&'static str, Slot)> = vec![
            ("E-mail", user.email.clone().into()),
            ("Id", view! { <code>{user.id.to_string()}</code> }.into()),
            ("Registered", view! { <Day at=user.created_at /> }.into()),
        ];
        let badge = view! { <Standing user=user.clone() /> };
        Ok(view! {
            <AdminShell frame=frame title=user.name.clone() current="users" parents=up() width=Width::Document>
                <PageHeader title=user.name badge=badge actions=actions />
                <Card title="Account"><DefinitionList facts=facts /></Card>
                <Memberships memberships=me.memberships />
            </AdminShell>
        })
    })
}

#[component]
pub fn DisableUser() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame) = frame().await?;
        let user = control.get_user(&who, id(&address)?).await?.user;
        let page = format!("/admin/users/{}", user.id);
        let own = user.id == who.actor().user_id;
        let text = if own {
            "This is your own account. Another super admin has to do it."
        } else {
            "They are logged out everywhere, their API tokens are deleted, and they cannot log in. Keys of applications go on working."
        };
        let parents = [up(), vec![Crumb::new(user.name.clone(), page.clone())]].concat();
        Ok(view! {
            <Confirm frame=frame title=format!("Disable {}?", user.name) current="users" parents=parents action="/_fn/user/disable"
                confirm=(!own && !user.disabled).then_some("Disable account") back=page>
                <Hidden name="user" value=user.id.to_string() />
                <p>{text}</p>
            </Confirm>
        })
    })
}
