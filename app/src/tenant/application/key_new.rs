//! `…/keys/new` makes a key; `…/keys/{key}/created` shows its secret, once.

use leptos::prelude::*;
use mintreu_control::access::{ManageKeys, ViewTenant};
use mintreu_model::id::ApiKeyId;

use super::head::{Address, open};
use crate::{Error, components::prelude::*, flash::PageFlash, load::load, tenant::frame::param};

#[component]
pub fn NewKeyPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ManageKeys>(address).await?;
        let routes = opened.control.gateway_catalogue().await?.into_iter().find(|policy| policy.product_slug == opened.application.product);
        let known: Vec<String> = routes
            .map(|policy| policy.service.routes)
            .unwrap_or_default()
            .iter()
            .flat_map(|rule| rule.methods.iter().map(|method| format!("{method} {}", rule.path)).collect::<Vec<_>>())
            .take(40)
            .collect();
        let routes = (!known.is_empty()).then(|| {
            view! {
                <details class="as-table">
                    <summary><Icon name="right" small=true />"Routes of this product"</summary>
                    <div tabindex="0" role="region" aria-label="Routes of this product"><pre class="code">{known.join("\n")}</pre></div>
                </details>
            }
        });
        let back = opened.address.href("/keys");
        let (tenant, application) = (opened.address.tenant.clone(), opened.address.application.clone());
        let content = view! {
            <div class="cols cols-main">
                <Card title="New key">
                    <Form action="/_fn/key/create" submit="Create key" cancel=back note="The secret is shown once, on the next page.">
                        <Hidden name="tenant" value=tenant />
                        <Hidden name="application" value=application />
                        <Field name="name" label="Name" placeholder="Storefront" autocomplete="off" hint="The program that uses it." />
                        <Field name="scopes" label="May call" kind=Kind::Lines(3) mono=true optional=true placeholder="GET /v1/orders/{id}"
                            hint="One route per line. Left empty, the key may call every route." />
                        {routes}
                        <Field name="allowed_ips" label="From" kind=Kind::Lines(2) mono=true optional=true placeholder="203.0.113.0/24"
                            hint="One address or network per line. Left empty, calls may come from anywhere." />
                        <Field name="expires_in_days" label="Expires" kind=Kind::Select(vec![
                            (String::new(), "Never".into()),
                            ("7".into(), "In 7 days".into()),
                            ("30".into(), "In 30 days".into()),
                            ("90".into(), "In 90 days".into()),
                            ("365".into(), "In a year".into()),
                        ]) />
                    </Form>
                </Card>
                <Card title="Good to know">
                    <ul class="bullets small">
                        <li>"Give each program its own key: then one can be revoked without touching the others."</li>
                        <li>"Keep the secret on servers. A browser or an app on a phone gives it away."</li>
                        <li>"Rotating makes a successor and lets the old key live on for as long as you choose."</li>
                    </ul>
                </Card>
            </div>
        }
        .into_any();
        Ok(opened.page("keys", "New key", None, content))
    })
}

#[component]
pub fn KeyCreatedPage() -> impl IntoView {
    let (address, id) = (Address::current(), param("key"));
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let id: ApiKeyId = id.parse().map_err(|_| Error::not_found())?;
        let key = opened.control.get_key(&opened.who, opened.application.id, id).await?;
        let once = PageFlash::current().once();
        let done = opened.address.href("/keys");
        let body = if once.is_empty() {
            let actions = view! {
                <LinkButton href=opened.address.href(&format!("/keys/{id}/rotate")) label="Rotate the key" look=Look::Primary />
                <LinkButton href=done label="All keys" />
            };
            view! {
                <EmptyState card=true icon="eye" title="The secret was shown once" actions=actions>
                    "We keep only its hash. If it is lost, rotate the key: you get a new secret, and the old one can live on for a while."
                </EmptyState>
            }
            .into_any()
        } else {
            let call =
                Call { method: "GET".into(), url: opened.application.endpoint.clone(), client_id: key.client_id.clone(), json: None };
            view! {
                <Secret heading="Copy the client secret now." values=once>
                    "We keep only its hash, so nobody can show it again."
                </Secret>
                <Card title="Use it">
                    <p class="small muted">"Put the secret into the environment variable "<code>"MINTREU_SECRET"</code>", then:"</p>
                    <Snippet call=call />
                </Card>
                <div class="row"><LinkButton href=done label="I have copied it" look=Look::Primary /></div>
            }
            .into_any()
        };
        let title = format!("Key {}", key.name);
        Ok(opened.page("keys", &title, None, view! { <h2>{title.clone()}</h2>{body} }.into_any()))
    })
}
