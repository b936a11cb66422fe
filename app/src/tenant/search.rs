//! `/t/{tenant}/search?q=`: applications, subscriptions and keys whose name fits. The search box of
//! the top bar leads here.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::list::ListQuery;

use crate::{
    components::prelude::*,
    context::control,
    load::load,
    tenant::frame::{frame, param},
};

/// Results of one kind at most.
const MOST: u32 = 20;

/// Something found: icon, name, what it is, address.
type Found = (&'static str, String, String, String);

#[component]
pub fn Search() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let text = Query::current().get("q").unwrap_or_default().trim().to_owned();
        let mut found: Vec<Found> = Vec::new();
        if !text.is_empty() {
            let query = ListQuery { q: Some(text.clone()), limit: Some(MOST), ..ListQuery::default() };
            for one in control.list_applications(&who, &query).await?.data {
                found.push((
                    "box",
                    one.name,
                    format!("Application · {}", one.product_name),
                    format!("/t/{tenant}/applications/{}", one.slug),
                ));
            }
            for one in control.list_subscriptions(&who, &query).await?.data {
                found.push((
                    "refresh",
                    one.product_name,
                    format!("Subscription · {}", one.plan_name),
                    format!("/t/{tenant}/subscriptions/{}", one.id),
                ));
            }
            for key in control.search_keys(&who, &query).await? {
                let href = format!("/t/{tenant}/applications/{}/keys/{}", key.application_slug, key.id);
                found.push(("key", key.name, format!("Key of {} · {}", key.application_name, key.client_id), href));
            }
        }
        let results = found
            .into_iter()
            .map(|(icon, name, kind, href)| {
                view! {
                    <li>
                        <span class="disc"><Icon name=icon /></span>
                        <span><a href=href>{name}</a><span class="sub">{kind}</span></span>
                        <span></span>
                    </li>
                }
            })
            .collect::<Vec<_>>();
        let said = text.clone();
        let body = if text.is_empty() {
            view! { <EmptyState card=true icon="search" title="What are you looking for?">"Type the name of an application, a key or a product, or a client ID."</EmptyState> }.into_any()
        } else if results.is_empty() {
            view! {
                <EmptyState card=true icon="search" title="Nothing found">
                    "No application, key or subscription has “"{said}"” in its name. A part of the name is enough."
                </EmptyState>
            }
            .into_any()
        } else {
            let note = format!("{} found", results.len());
            view! { <Card title="Results" note=note><ul class="feed">{results}</ul></Card> }.into_any()
        };
        Ok(view! {
            <TenantShell frame=frame title="Search" current="" width=Width::Document>
                <PageHeader title="Search" />
                <form class="row" method="get" role="search" aria-label="Search this tenant">
                    <div class="find">
                        <Icon name="search" small=true />
                        <input class="input" type="search" name="q" aria-label="Name or client ID" value=text />
                    </div>
                    <button class="btn btn-primary">"Search"</button>
                </form>
                {body}
            </TenantShell>
        })
    })
}
