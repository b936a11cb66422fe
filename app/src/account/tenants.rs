//! `/tenants`: the choice of a tenant, and the making of one. `?next=/t/{tenant}/…` says where the
//! person wants to go once they have chosen; `{tenant}` stands for the slug.

use leptos::prelude::*;
use mintreu_model::view::MembershipView;

use crate::{
    components::prelude::*,
    context::{actor, control},
    load::load,
    local::next,
};

/// Address of the choice for a page of a tenant: `choose("subscribe?product=blog")`.
#[must_use]
pub fn choose(page: &str) -> String {
    format!("/tenants{}", Query::default().with("next", &format!("/t/{{tenant}}/{page}")).href())
}

/// Where the choice of this tenant leads.
fn destination(wanted: Option<&str>, slug: &str) -> String {
    let wanted = wanted.map(|wanted| wanted.replace("{tenant}", slug));
    next(wanted.as_deref()).map_or_else(|| format!("/t/{slug}"), str::to_owned)
}

#[component]
pub fn Tenants() -> impl IntoView {
    load(async move {
        let (control, actor, query) = (control()?, actor()?, Query::current());
        let memberships = control.me(&actor).await?.memberships;
        let wanted = next(query.get("next")).map(str::to_owned);
        let new = format!("/tenants/new{}", Query::default().with("next", wanted.as_deref().unwrap_or_default()).href());
        let new = new.trim_end_matches('?').to_owned();
        if wanted.is_some() {
            match memberships.as_slice() {
                [] => leptos_axum::redirect(&new),
                [only] => leptos_axum::redirect(&destination(wanted.as_deref(), &only.tenant.slug)),
                _ => {}
            }
        }
        let lede = if wanted.is_some() { "Which one is it for?" } else { "The organisations you belong to." };
        let content = if memberships.is_empty() {
            view! {
                <EmptyState icon="home" title="No tenants yet"
                    actions=view! { <LinkButton href=new.clone() label="Create a tenant" look=Look::Primary /> }>
                    "A tenant is your company or team: it holds subscriptions, applications and members. Or open the link of an invitation."
                </EmptyState>
            }
            .into_any()
        } else {
            let rows = memberships.into_iter().map(|membership| row(membership, wanted.as_deref())).collect();
            let columns = vec![Column::new("Tenant"), Column::new("Your role"), Column::new("Status")];
            view! { <Table caption="Your tenants by name" columns=columns rows=rows /> }.into_any()
        };
        Ok(view! {
            <AccountShell actor=actor title="Tenants" current="tenants"
                action=view! { <LinkButton href=new label="Create a tenant" icon="plus" /> }>
                <PageHeader title="Tenants" lede=lede />
                <Card flush=true>{content}</Card>
            </AccountShell>
        })
    })
}

fn row(membership: MembershipView, wanted: Option<&str>) -> Row {
    let tenant = membership.tenant;
    let href = destination(wanted, &tenant.slug);
    Row::new(cells![view! { <a href=href>{tenant.name}</a> }, membership.role.title(), view! { <Status name=tenant.status.as_str() /> },])
}

#[component]
pub fn CreateTenant() -> impl IntoView {
    load(async move {
        let actor = actor()?;
        let wanted = next(Query::current().get("next")).map(str::to_owned);
        Ok(view! {
            <AccountShell actor=actor title="Create a tenant" current="tenants" width=Width::Form>
                <PageHeader title="Create a tenant" lede="Your company or team. It holds subscriptions, applications and members; you will be its owner." />
                <Card>
                    <Form action="/_fn/tenant/create" submit="Create tenant" cancel="/tenants">
                        <Field name="name" label="Name" placeholder="Fjordline Goods" autocomplete="organization" hint="You can change it later." />
                        {wanted.map(|wanted| view! { <Hidden name="next" value=wanted /> })}
                    </Form>
                </Card>
            </AccountShell>
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_leads_to_the_page_that_was_wanted_in_the_tenant_chosen() {
        assert_eq!(choose("subscribe?product=blog"), "/tenants?next=%2Ft%2F%7Btenant%7D%2Fsubscribe%3Fproduct%3Dblog");
        assert_eq!(destination(Some("/t/{tenant}/subscribe?product=blog"), "fjordline"), "/t/fjordline/subscribe?product=blog");
        assert_eq!(destination(Some("//evil"), "fjordline"), "/t/fjordline");
    }
}
