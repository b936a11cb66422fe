//! `/admin/tenants/{id}/members`

use leptos::prelude::*;
use mintreu_model::role::Role;

use super::head::{TenantPage, tenant};
use crate::{components::prelude::*, load::load, tenant::frame::param};

fn roles() -> Kind {
    Kind::Select(Role::ALL.map(|role| (role.as_str().to_owned(), format!("{}: {}", role.title(), role.hint().to_lowercase()))).to_vec())
}

#[component]
pub fn TenantMembers() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame, tenant) = tenant(&address).await?;
        let members = control.list_any_members(&who, tenant.id).await?;
        let now = control.clock.now();
        let columns = vec![Column::new("Member"), Column::new("E-mail"), Column::new("Role"), Column::new("Since")];
        let rows: Vec<Row> = members
            .into_iter()
            .map(|member| {
                Row::new(cells![
                    view! { <a href=format!("/admin/users/{}", member.user_id)>{member.name}</a> },
                    member.email,
                    member.role.title(),
                    view! { <When at=member.joined_at now=now /> },
                ])
            })
            .collect();
        let body = if rows.is_empty() {
            view! { <EmptyState icon="users" title="No members">"Nobody can look after this tenant. Assign an owner."</EmptyState> }
                .into_any()
        } else {
            view! { <Table caption="Members by name" columns=columns rows=rows dense=true /> }.into_any()
        };
        let id = tenant.id.to_string();
        Ok(view! {
            <TenantPage frame=frame tenant=tenant tab="members" title="Members">
                <div class="cols cols-main">
                    <Card title="Members" flush=true>{body}</Card>
                    <Card title="Assign a user">
                        <Form action="/_fn/member/assign" submit="Assign">
                            <Hidden name="tenant" value=id />
                            <Field name="email" label="E-mail" kind=Kind::Email autocomplete="off" hint="Of somebody who has registered. A member gets the role instead of theirs." />
                            <Field name="role" label="Role" kind=roles() value="developer" />
                        </Form>
                    </Card>
                </div>
            </TenantPage>
        })
    })
}
