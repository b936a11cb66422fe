//! `/t/{tenant}/applications/{application}`: how its making goes, where it answers, how to call it.
//! Right after provisioning it shows the secret of the first key, this once.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{
    form::usage::Preset,
    role::Permission,
    route::RouteRule,
    status::{ApplicationStatus, StepStatus},
    view::{KeyView, TimelineView},
};

use super::head::{Address, Opened, open};
use crate::{
    components::prelude::*,
    flash::PageFlash,
    load::load,
    tenant::{
        steps::{follows, steps, total},
        usage::{figures::figures, range::Range},
    },
};

#[component]
pub fn OverviewPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let (control, who, id) = (&opened.control, &opened.who, opened.application.id);
        let timeline = control.get_timeline(who, id).await?;
        let routes = control.gateway_catalogue().await?.into_iter().find(|policy| policy.product_slug == opened.application.product);
        let routes = routes.map(|policy| policy.service.routes).unwrap_or_default();
        let range = Range::current(control.clock.now(), Preset::Week, None);
        let totals = control.get_usage_totals(who, Some(id), &range.range()).await?;
        let used = if totals.requests > 0 {
            let points = control.get_usage(who, id, &range.query).await?.data;
            let before = control.get_usage_totals(who, Some(id), &range.before()).await?;
            Some(view! { <Kpis figures=figures(&points, &totals, &before, &range) /> })
        } else {
            None
        };
        let once = PageFlash::current().once();
        let secret = (!once.is_empty()).then(|| {
            view! {
                <Secret heading="Copy the client secret now." values=once.clone()>
                    "We keep only its hash, so nobody can show it again. If it is lost, create another key."
                </Secret>
            }
        });
        let making = opened.application.status != ApplicationStatus::Active
            || !once.is_empty()
            || timeline.steps.iter().any(|step| step.status != StepStatus::Done);
        let provisioning = provisioning(&opened, &timeline, !once.is_empty());
        let endpoint = endpoint(&opened, &routes);
        let keys = keys(&opened);
        let actions = opened
            .who
            .role()
            .may(Permission::ManageApplications)
            .then(|| view! { <LinkButton href=opened.address.href("/config") label="Edit configuration" icon="pen" /> }.into());
        let content = if making {
            view! { {secret}<div class="cols cols-side even">{provisioning}{endpoint}</div>{used}{keys} }.into_any()
        } else {
            view! { {used}<div class="cols cols-main even">{endpoint}{keys}</div>{provisioning} }.into_any()
        };
        Ok(opened.page("overview", "", actions, content))
    })
}

fn provisioning(opened: &Opened, timeline: &TimelineView, secret_shown: bool) -> AnyView {
    let application = &opened.application;
    let busy = follows(application.status, timeline);
    let steps = steps(timeline);
    let live = busy.then(|| opened.address.href("/events"));
    let note = total(timeline).filter(|_| application.status == ApplicationStatus::Active).map(|took| format!("Took {took}"));
    let may = opened.who.role().may(Permission::ManageApplications);
    let failed = (application.status == ApplicationStatus::Failed).then(|| {
        let reason = application.status_reason.clone().unwrap_or_else(|| "The step marked above did not succeed.".into());
        let retry = may.then(|| {
            view! { <PostButton action="/_fn/application/retry" label="Try again" look=Look::Primary icon="refresh" fields=opened.fields() /> }
        });
        view! { <p class="small">{reason}</p>{retry} }
    });
    let text = if busy && secret_shown {
        "Copy the secret first. Then you may leave: the work goes on without you, and we write to you when it is done."
    } else if busy {
        "You may leave: the work goes on without you, and we write to you when it is done."
    } else {
        ""
    };
    view! {
        <Card title="Provisioning" note=note fill=true>
            <Timeline steps=steps live=live.unwrap_or_default() stay=secret_shown />
            {failed}
            {(!text.is_empty()).then(|| view! { <p class="small muted">{text}</p> })}
        </Card>
    }
    .into_any()
}

/// A call that shows something: the first route that can be read without knowing an id.
fn example(endpoint: &str, routes: &[RouteRule], client_id: &str) -> Call {
    // A dot marks a description of the API, such as `openapi.json`, which shows nothing of one's own.
    let plain = |rule: &&RouteRule| !rule.path.to_string().contains(['{', '.']);
    let readable = |rule: &&RouteRule| rule.allows_method("GET");
    let found = routes.iter().filter(readable).find(plain).or_else(|| routes.iter().find(readable)).or_else(|| routes.first());
    let path = found.map_or_else(|| "/".to_owned(), |rule| rule.path.to_string());
    let method = match found {
        Some(rule) if rule.allows_method("GET") => "GET".to_owned(),
        Some(rule) => rule.methods.first().cloned().unwrap_or_else(|| "GET".into()),
        None => "GET".to_owned(),
    };
    Call { method, url: format!("{endpoint}{path}"), client_id: client_id.to_owned(), json: None }
}

fn endpoint(opened: &Opened, routes: &[RouteRule]) -> AnyView {
    let application = &opened.application;
    let client_id = opened.live_keys().next().map_or("mci_…", |key| key.client_id.as_str());
    let note = (application.status == ApplicationStatus::Provisioning).then_some("Answers once the application is active");
    let all = routes
        .iter()
        .map(|rule| view! { <li><span class="verb">{rule.methods.join(", ").replace('*', "any")}</span>" "<code>{rule.path.to_string()}</code></li> })
        .collect_view();
    let count = routes.len();
    let answered = (count > 0).then(|| {
        view! {
            <details class="as-table">
                <summary><Icon name="right" small=true />{format!("What it answers, {count} routes")}</summary>
                <div tabindex="0" role="region" aria-label="Routes"><ul class="routes-list">{all}</ul></div>
            </details>
        }
    });
    let call = example(&application.endpoint, routes, client_id);
    let address = application.endpoint.clone();
    view! {
        <Card title="Endpoint" note=note.map(str::to_owned) fill=true>
            <CopyLine text=address what="the endpoint" />
            <Snippet call=call />
            <p class="small muted">
                "Put the client secret into the environment variable "<code>"MINTREU_SECRET"</code>", never into the code. It was shown when the key was made."
            </p>
            {answered}
        </Card>
    }
    .into_any()
}

fn keys(opened: &Opened) -> AnyView {
    let now = opened.control.clock.now();
    let line = |key: &KeyView| {
        let used = match key.last_used_at {
            Some(at) => view! { "used "<When at=at now=now /> }.into_any(),
            None => "never used".into_any(),
        };
        view! {
            <li>
                <span class="disc"><Icon name="key" /></span>
                <span><a href=opened.address.href(&format!("/keys/{}", key.id))>{key.name.clone()}</a><span class="sub mono clip">{key.client_id.clone()}</span></span>
                <span class="small muted">{used}</span>
            </li>
        }
    };
    let working: Vec<&KeyView> = opened.live_keys().collect();
    let list = if working.is_empty() {
        view! { <p class="small muted">"No key works at present. Create one to call the application."</p> }.into_any()
    } else {
        view! { <ul class="feed">{working.into_iter().take(4).map(line).collect_view()}</ul> }.into_any()
    };
    let action = view! { <LinkButton href=opened.address.href("/keys") label="All keys" look=Look::Quiet small=true /> };
    view! { <Card title="Keys" action=action fill=true>{list}</Card> }.into_any()
}
