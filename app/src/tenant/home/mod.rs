//! `/t/{tenant}`: how things are going, what needs a look, what to do next. Somebody new sees the
//! first step instead of empty charts.

pub mod newcomer;
pub mod setup;

use leptos::prelude::*;
use mintreu_control::{
    Control, Permitted,
    access::{ViewAudit, ViewTenant},
};
use mintreu_model::{
    form::usage::{Preset, UsageRange},
    list::ListQuery,
    role::Permission,
    status::ApplicationStatus,
    view::{ApplicationView, SubscriptionView},
};

use crate::{
    Error,
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        frame::{frame, param},
        happened::item,
        quota::{Quota, nearness},
        usage::{charts::Outcomes, figures::figures, range::Range},
    },
};

/// Entries of the activity feed.
const RECENT: u32 = 6;

#[component]
pub fn Home() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let now = control.clock.now();
        let all = ListQuery { limit: Some(100), ..ListQuery::default() };
        let subscriptions = control.list_subscriptions(&who, &all).await?.data;
        let applications = control.list_applications(&who, &all).await?.data;
        let ever = UsageRange { from: Some(who.tenant().created_at), to: None };
        let called = control.get_usage_totals(&who, None, &ever).await.is_ok_and(|totals| totals.requests > 0);
        let todos = setup::todos(&control, &who, &subscriptions, &applications, called).await?;
        let live: Vec<SubscriptionView> = subscriptions.into_iter().filter(|one| one.status.is_live()).collect();
        let body = if called {
            figures_of(&control, &who, &tenant, &live).await?
        } else {
            newcomer::first_step(&control, &who, &tenant, &live, &applications).await?
        };
        let recent = recent(&control, &who, &applications).await?;
        let setup = setup::card(todos);
        let below = match (recent, setup) {
            (Some(recent), Some(setup)) => view! { <div class="cols cols-main">{recent}{setup}</div> }.into_any(),
            (recent, setup) => view! { {recent}{setup} }.into_any(),
        };
        let action = who.role().may(Permission::ManageApplications).then(|| {
            view! { <LinkButton href=format!("/t/{tenant}/applications/new") label="New application" look=Look::Primary icon="plus" /> }
        });
        let range = Range::current(now, Preset::Month, None);
        let (lede, choice) = if called {
            let options = vec![("24h", "24 h"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")];
            let choice = view! { <SegmentedRange options=options current=range.current.clone() /> };
            (format!("All applications, {}. Times in UTC.", range.said), Some(choice))
        } else {
            (format!("This is where {} sees how its applications are doing.", who.tenant().name), None)
        };
        Ok(view! {
            <TenantShell frame=frame title="Home" current="home" action=action>
                <PageHeader title="Home" lede=lede actions=choice />
                {troubles(&tenant, &applications)}
                {body}
                {below}
            </TenantShell>
        })
    })
}

/// Applications that failed: the first thing to look at.
fn troubles(tenant: &str, applications: &[ApplicationView]) -> Option<AnyView> {
    let failed: Vec<&ApplicationView> = applications.iter().filter(|one| one.status == ApplicationStatus::Failed).collect();
    let first = failed.first()?;
    let (text, href) = match failed.len() {
        1 => (format!("Provisioning of {} failed.", first.name), format!("/t/{tenant}/applications/{}", first.slug)),
        many => (format!("Provisioning of {many} applications failed."), format!("/t/{tenant}/applications?status=failed")),
    };
    Some(view! { <Banner tone=Tone::Bad action=view! { <LinkButton href=href label="See why" small=true /> }>{text}</Banner> }.into_any())
}

async fn figures_of(control: &Control, who: &Permitted<ViewTenant>, tenant: &str, live: &[SubscriptionView]) -> Result<AnyView, Error> {
    let now = control.clock.now();
    let range = Range::current(now, Preset::Month, None);
    let points = control.get_tenant_usage(who, &range.query).await?.data;
    let totals = control.get_usage_totals(who, None, &range.range()).await?;
    let before = control.get_usage_totals(who, None, &range.before()).await?;
    let usage = view! {
        <LinkButton href=format!("/t/{tenant}/usage?{}", range.link()) label="Open usage" look=Look::Quiet small=true />
    };
    let quota = quotas(control, who, tenant, live).await?;
    Ok(view! {
        <Kpis figures=figures(&points, &totals, &before, &range) />
        <div class="cols cols-main even">
            <Card title="Requests by outcome" action=usage fill=true><Outcomes points=points range=range.clone() /></Card>
            {quota}
        </div>
    }
    .into_any())
}

/// The fullest quota at length, the others in a line each.
async fn quotas(control: &Control, who: &Permitted<ViewTenant>, tenant: &str, live: &[SubscriptionView]) -> Result<AnyView, Error> {
    let fullness = |one: &SubscriptionView| i128::from(one.quota.used) * 10_000 / i128::from(one.quota.included.max(1));
    let now = control.clock.now();
    let mut ordered = live.to_vec();
    ordered.sort_by_key(|one| std::cmp::Reverse(fullness(one)));
    let mut ordered = ordered.into_iter();
    let Some(first) = ordered.next() else {
        return Ok(view! {
            <Card title="Quota" fill=true><p class="small muted">"No subscription is running, so calls are refused."</p></Card>
        }
        .into_any());
    };
    let plan = control.get_own_product(who, &first.product).await?.plans.into_iter().find(|plan| plan.code == first.plan);
    let href = |one: &SubscriptionView| format!("/t/{tenant}/subscriptions/{}", one.id);
    let near = nearness(&first.quota).is_some() && who.role().may(Permission::ManageSubscriptions);
    let compare = near
        .then(|| view! { <div class="row"><LinkButton href=format!("{}#plans", href(&first)) label="Compare plans" small=true /></div> });
    let others: Vec<_> = ordered
        .take(4)
        .map(|one| view! { <SmallMeter label=one.product_name.clone() used=one.quota.used included=one.quota.included /> })
        .collect();
    let others = (!others.is_empty()).then(|| view! { <hr />{others} });
    let name = view! { <a href=href(&first)>{format!("{}, {}", first.product_name, first.plan_name)}</a> };
    Ok(view! {
        <Card title="Quota" note=name fill=true>
            <Quota subscription=first plan=plan now=now />
            {compare}
            {others}
        </Card>
    }
    .into_any())
}

/// What happened lately, for those who may see the audit log.
async fn recent(control: &Control, who: &Permitted<ViewTenant>, applications: &[ApplicationView]) -> Result<Option<AnyView>, Error> {
    let Ok(auditor) = who.also::<ViewAudit>() else { return Ok(None) };
    let entries = control.list_audit(&auditor, &ListQuery { limit: Some(RECENT), ..ListQuery::default() }).await?.data;
    if entries.is_empty() {
        return Ok(None);
    }
    let (slug, now) = (&who.tenant().slug, control.clock.now());
    let items = entries
        .iter()
        .map(|entry| {
            let href = match entry.target_kind.as_str() {
                "application" => applications
                    .iter()
                    .find(|one| one.id.to_string() == entry.target_id)
                    .map(|one| format!("/t/{slug}/applications/{}", one.slug)),
                "subscription" => Some(format!("/t/{slug}/subscriptions/{}", entry.target_id)),
                _ => None,
            };
            item(entry, now, href)
        })
        .collect();
    let more = view! { <LinkButton href=format!("/t/{slug}/activity") label="All activity" look=Look::Quiet small=true /> };
    Ok(Some(view! { <Card title="Recent activity" action=more><Feed items=items /></Card> }.into_any()))
}
