//! `…/keys/{key}`: one key, what it is used for, and the two dangerous things: rotate and revoke.
//! Each of those has a page of its own, which is also what its dialog falls back to.

use leptos::prelude::*;
use mintreu_control::access::{ManageKeys, Right, ViewTenant};
use mintreu_model::{
    form::usage::{Preset, UsageQuery},
    id::ApiKeyId,
    role::Permission,
    status::{KeyStatus, UsageBy},
    view::{KeyView, Percentiles, UsagePoint},
};

use super::{
    head::{Address, Opened, open},
    keys::{from, may_call},
};
use crate::{
    Error,
    components::prelude::*,
    load::load,
    tenant::{
        frame::param,
        usage::{charts::Outcomes, range::Range, range_form::RangeChoice},
    },
};

async fn find<R: Right>(address: Address, id: &str) -> Result<(Opened, KeyView), Error> {
    let opened = open::<R>(address).await?;
    let id: ApiKeyId = id.parse().map_err(|_| Error::not_found())?;
    let key = opened.control.get_key(&opened.who, opened.application.id, id).await?;
    Ok((opened, key))
}

#[component]
pub fn KeyPage() -> impl IntoView {
    let (address, id) = (Address::current(), param("key"));
    load(async move {
        let (opened, key) = find::<ViewTenant>(address, &id).await?;
        let now = opened.control.clock.now();
        let range = Range::current(now, Preset::Month, None);
        let query = UsageQuery { by: Some(UsageBy::Key), ..range.query.clone() };
        let points = opened.control.get_usage(&opened.who, opened.application.id, &query).await?.data;
        let points = filled(&range, points, &key.id.to_string());
        let live = matches!(key.status, KeyStatus::Active | KeyStatus::Expiring);
        let may = live && opened.who.role().may(Permission::ManageKeys);
        let here = opened.address.href(&format!("/keys/{}", key.id));
        let revocation = revocation(&opened, &key);
        let name = key.name.clone();
        let actions = may.then(|| {
            view! {
                <LinkButton href=format!("{here}/rotate") label="Rotate" icon="refresh" />
                <LinkButton href=format!("{here}/revoke") label="Revoke…" look=Look::Danger dialog="revoke" />
                <Dialog id="revoke" title=format!("Revoke {name}?") action="/_fn/key/revoke" confirm="Revoke key" keep="Keep it" danger=true>
                    {revocation}
                </Dialog>
            }
        });
        let when = |at: Option<chrono::DateTime<chrono::Utc>>, none: &'static str| match at {
            Some(at) => Slot::from(view! { <When at=at now=now /> }),
            None => none.into(),
        };
        let scopes = match key.scopes.len() {
            0 | 1 => Slot::from(may_call(&key)),
            _ => key.scopes.iter().map(|scope| view! { <code>{scope.to_string()}</code><br /> }).collect_view().into(),
        };
        let networks = match key.allowed_ips.len() {
            0 | 1 => Slot::from(from(&key)),
            _ => key.allowed_ips.iter().map(|network| view! { <code>{network.to_string()}</code><br /> }).collect_view().into(),
        };
        let facts: Vec<(&'static str, Slot)> = vec![
            ("Status", view! { <Status name=key.status.as_str() /> }.into()),
            ("Secret", view! { <span class="muted">"ends in "</span><code>{key.secret_last_four.clone()}</code> }.into()),
            ("May call", scopes),
            ("From", networks),
            ("Expires", when(key.expires_at, "Never")),
            ("Last used", when(key.last_used_at, "Never")),
            ("Created", view! { <Day at=key.created_at />{key.created_by.as_ref().map(|by| format!(" by {by}"))} }.into()),
        ];
        let content = view! {
            <div class="row between">
                <h2>{key.name.clone()}</h2>
                <div class="row">{actions}</div>
            </div>
            <div class="cols cols-side">
                <Card title="Key">
                    <CopyLine text=key.client_id.clone() what="the client ID" />
                    <DefinitionList facts=facts />
                </Card>
                <Card title="Calls with this key" action=view! { <div class="row"><RangeChoice range=range.clone() /></div> }>
                    <Outcomes points=points range=range.clone() />
                </Card>
            </div>
        }
        .into_any();
        let title = format!("Key {}", key.name);
        Ok(opened.page("keys", &title, None, content))
    })
}

/// The points of one key, with those without calls put in.
fn filled(range: &Range, points: Vec<UsagePoint>, key: &str) -> Vec<UsagePoint> {
    let Ok((span, step)) = range.query.resolve(range.now) else { return Vec::new() };
    let mut own = points.into_iter().filter(|point| point.by.as_deref() == Some(key)).peekable();
    span.starts(step)
        .map(|start| {
            own.next_if(|point| point.start == start).unwrap_or(UsagePoint {
                start,
                by: None,
                requests: 0,
                errors: 0,
                server_errors: 0,
                bytes_in: 0,
                bytes_out: 0,
                latency_ms: Percentiles { p50: 0.0, p95: 0.0, p99: 0.0 },
            })
        })
        .collect()
}

/// What revoking means, and which key it is about.
fn revocation(opened: &Opened, key: &KeyView) -> AnyView {
    let now = opened.control.clock.now();
    let used = key.last_used_at.map_or_else(|| "It was never used.".to_owned(), |at| format!("It was last used {}.", relative(at, now)));
    view! {
        <p>"Calls with this key are refused at once, and it cannot be brought back. "{used}</p>
        <p class="small muted">"To replace it without an interruption, rotate it instead."</p>
        <Hidden name="tenant" value=opened.address.tenant.clone() />
        <Hidden name="application" value=opened.address.application.clone() />
        <Hidden name="key" value=key.id.to_string() />
    }
    .into_any()
}

#[component]
pub fn RevokePage() -> impl IntoView {
    let (address, id) = (Address::current(), param("key"));
    load(async move {
        let (opened, key) = find::<ManageKeys>(address, &id).await?;
        let back = opened.address.href(&format!("/keys/{}", key.id));
        let revocation = revocation(&opened, &key);
        let content = view! {
            <Card title=format!("Revoke {}?", key.name)>
                <Form action="/_fn/key/revoke" submit="Revoke key" look=Look::DangerSolid cancel=back>{revocation}</Form>
            </Card>
        }
        .into_any();
        Ok(opened.page("keys", "Revoke a key", None, content))
    })
}

#[component]
pub fn RotatePage() -> impl IntoView {
    let (address, id) = (Address::current(), param("key"));
    load(async move {
        let (opened, key) = find::<ManageKeys>(address, &id).await?;
        let back = opened.address.href(&format!("/keys/{}", key.id));
        let (tenant, application) = (opened.address.tenant.clone(), opened.address.application.clone());
        let graces =
            [("3600", "One hour"), ("86400", "One day"), ("604800", "7 days"), ("2592000", "30 days"), ("0", "Not at all: revoke it now")];
        let content = view! {
            <Card title=format!("Rotate {}", key.name)>
                <p class="small muted">
                    "You get a new key with a new client ID and secret, the same name, routes and networks. The old one goes on working for a while, so that your program can change over without an interruption."
                </p>
                <Form action="/_fn/key/rotate" submit="Rotate key" cancel=back note="The new secret is shown once, on the next page.">
                    <Hidden name="tenant" value=tenant />
                    <Hidden name="application" value=application />
                    <Hidden name="key" value=key.id.to_string() />
                    <Field name="grace_seconds" label="The old key works for another"
                        kind=Kind::Radio(graces.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec()) value="86400" />
                </Form>
            </Card>
        }
        .into_any();
        Ok(opened.page("keys", "Rotate a key", None, content))
    })
}
