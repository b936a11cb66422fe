//! The search as a page, for all who do not use the palette: `/search`, `/t/{tenant}/search`,
//! `/admin/search`. The fields of the top bars lead here.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;

use super::{Group, Place, find};
use crate::{
    admin,
    components::prelude::*,
    context::{actor, control},
    load::load,
    tenant::{self, frame::param},
};

fn text() -> String {
    Query::current().get("q").unwrap_or_default().trim().to_owned()
}

#[component]
pub fn AccountSearch() -> impl IntoView {
    load(async move {
        let (control, actor, text) = (control()?, actor()?, text());
        let groups = find(&control, &actor, &Place::Account, &text).await?;
        Ok(view! {
            <AccountShell actor=actor title="Search" current="search" width=Width::Document>
                <Results groups=groups text=text hint="Tenants, applications, keys, products" />
            </AccountShell>
        })
    })
}

#[component]
pub fn TenantSearch() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (control, text) = (control()?, text());
        let (who, frame) = tenant::frame::frame::<ViewTenant>(&slug).await?;
        let groups = find(&control, who.actor(), &Place::Tenant(slug), &text).await?;
        Ok(view! {
            <TenantShell frame=frame title="Search" current="search" width=Width::Document>
                <Results groups=groups text=text hint="Name or client ID" />
            </TenantShell>
        })
    })
}

#[component]
pub fn AdminSearch() -> impl IntoView {
    load(async move {
        let text = text();
        let (control, who, frame) = admin::frame::frame().await?;
        let groups = find(&control, who.actor(), &Place::Admin, &text).await?;
        Ok(view! {
            <AdminShell frame=frame title="Search" current="search" width=Width::Document>
                <Results groups=groups text=text hint="Name or e-mail" />
            </AdminShell>
        })
    })
}

#[component]
fn Results(
    groups: Vec<Group>,
    text: String,
    /// What the field asks for.
    hint: &'static str,
) -> impl IntoView {
    let count: usize = groups.iter().map(|group| group.hits.len()).sum();
    let said = text.clone();
    let nothing = groups.is_empty().then(|| {
        view! {
            <EmptyState card=true icon="search" title="Nothing found">
                "Nothing that you may open has “"{said}"” in its name. A part of the name is enough."
            </EmptyState>
        }
    });
    let lede = (!text.is_empty() && count > 0).then(|| if count == 1 { "1 found".to_owned() } else { format!("{count} found") });
    let groups = groups.into_iter().map(|group| view! { <Hits group=group /> }).collect_view();
    view! {
        <PageHeader title="Search" nostrip:lede=lede.map(Slot::from) />
        <form class="row" method="get" role="search" aria-label="Search">
            <div class="find">
                <Icon name="search" small=true />
                <input class="input" type="search" name="q" aria-label=hint placeholder=hint value=text />
            </div>
            <button class="btn btn-primary">"Search"</button>
        </form>
        {groups}
        {nothing}
    }
    .into_any()
}

#[component]
fn Hits(group: Group) -> impl IntoView {
    let all = group.more.map(|href| Slot::from(view! { <LinkButton href=href label="All of them" small=true look=Look::Quiet /> }));
    let hits = group
        .hits
        .into_iter()
        .map(|hit| {
            view! {
                <li>
                    <span class="disc"><Icon name=hit.icon /></span>
                    <span><a href=hit.href>{hit.name}</a><span class="sub">{hit.detail}</span></span>
                    <span></span>
                </li>
            }
        })
        .collect_view();
    view! { <Card title=group.title nostrip:action=all><ul class="feed">{hits}</ul></Card> }.into_any()
}
