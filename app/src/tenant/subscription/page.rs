//! `/t/{tenant}/subscriptions/{id}`: where it stands, how far the quota is, another plan, the end.
//! `?plan=` opens the confirmation of a change, with its effect stated.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{
    id::SubscriptionId,
    role::Permission,
    status::SubscriptionStatus,
    view::{PlanView, SubscriptionView},
};

use crate::{
    Error,
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        frame::{frame, param},
        quota::Quota,
        words::{body_limits, count, limits, price, standing, subscription_price},
    },
};

#[component]
pub fn SubscriptionPage() -> impl IntoView {
    let (tenant, id) = (param("tenant"), param("subscription"));
    load(async move {
        let (who, frame) = frame::<ViewTenant>(&tenant).await?;
        let control = control()?;
        let id: SubscriptionId = id.parse().map_err(|_| Error::not_found())?;
        let one = control.get_subscription(&who, id).await?;
        let now = control.clock.now();
        let plans = control.get_own_product(&who, &one.product).await.map(|product| product.plans).unwrap_or_default();
        let plan = plans.iter().find(|plan| plan.code == one.plan).cloned();
        let may = who.role().may(Permission::ManageSubscriptions) && one.status.is_live();
        let wanted =
            Query::current().get("plan").and_then(|code| plans.iter().find(|plan| plan.code == code && plan.code != one.plan)).cloned();
        let title = one.product_name.clone();
        let parents = vec![Crumb::new("Subscriptions", format!("/t/{tenant}/subscriptions"))];
        let body = match wanted {
            Some(wanted) if may => change(&tenant, &one, &wanted, now),
            _ => {
                let new = one.status.is_served().then(|| {
                    view! { <LinkButton href=format!("/t/{tenant}/applications/new?product={}", one.product) label="New application" icon="plus" /> }
                });
                let quota = view! { <Quota subscription=one.clone() plan=plan.clone() now=now /> };
                view! {
                    <PageHeader title=title.clone() lede=standing(&one, now) badge=view! { <Status name=one.status.as_str() /> } actions=new />
                    <div class="cols cols-2 even">
                        {facts(&one, plan.as_ref())}
                        <Card title="Quota" fill=true>{quota}</Card>
                    </div>
                    {if may { others(&tenant, &one, &plans) } else { ().into_any() }}
                    {if may { ending(&tenant, &one) } else { again(&tenant, &one) }}
                }
                .into_any()
            }
        };
        Ok(view! { <TenantShell frame=frame title=title current="subscriptions" parents=parents>{body}</TenantShell> })
    })
}

fn facts(one: &SubscriptionView, plan: Option<&PlanView>) -> AnyView {
    let period = view! { <Day at=one.current_period_start />" to "<Day at=one.current_period_end /> };
    let mut facts: Vec<(&'static str, Slot)> = vec![
        ("Plan", one.plan_name.clone().into()),
        ("Price", subscription_price(one).into()),
        ("Period", period.into()),
        ("Applications", format!("{} of {}", one.applications, one.max_applications).into()),
    ];
    if let Some(plan) = plan {
        facts.extend(limits(plan).into_iter().filter(|(name, _)| *name != "Applications").map(|(name, value)| (name, Slot::from(value))));
    }
    facts.push(("Since", view! { <Day at=one.created_at /> }.into()));
    facts.push(("ID", view! { <code>{one.id.to_string()}</code> }.into()));
    view! { <Card title="Plan" fill=true><DefinitionList facts=facts /></Card> }.into_any()
}

fn others(tenant: &str, one: &SubscriptionView, plans: &[PlanView]) -> AnyView {
    let offered: Vec<&PlanView> = plans.iter().filter(|plan| !plan.archived).collect();
    if offered.iter().all(|plan| plan.code == one.plan) {
        return ().into_any();
    }
    let columns = offered
        .into_iter()
        .map(|plan| {
            let here = plan.code == one.plan;
            let lines = limits(plan).into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view();
            let choose = if here {
                view! { <p class="small">"Your plan"</p> }.into_any()
            } else if one.pending_plan.as_deref() == Some(&plan.code) {
                view! { <p class="small">"Begins with the next period"</p> }.into_any()
            } else {
                let href = format!("/t/{tenant}/subscriptions/{}?plan={}", one.id, plan.code);
                view! { <LinkButton href=href label=format!("Change to {}", plan.name) wide=true /> }.into_any()
            };
            view! {
                <section class=if here { "plan pick" } else { "plan" } aria-label=plan.name.clone()>
                    <h3>{plan.name.clone()}</h3>
                    <p class="plan-price"><b>{plan.price.to_string()}</b>"a "{crate::tenant::words::interval(plan.interval)}</p>
                    <dl>{lines}</dl>
                    {choose}
                </section>
            }
        })
        .collect_view();
    view! {
        <section class="stack" id="plans" aria-labelledby="plans-h">
            <h2 id="plans-h">"Plans"</h2>
            <div class="plans">{columns}</div>
        </section>
    }
    .into_any()
}

/// The confirmation of another plan.
fn change(tenant: &str, one: &SubscriptionView, plan: &PlanView, now: DateTime<Utc>) -> AnyView {
    let upgrade = plan.price.amount > one.price.amount;
    let end = day(one.current_period_end);
    let compare = |name: &'static str, before: String, after: String| {
        (name, Slot::from(if before == after { after } else { format!("{after}, instead of {before}") }))
    };
    let mut facts = vec![
        compare("Price", subscription_price(one), price(plan)),
        compare("Requests a month", thousands(one.quota.included), thousands(plan.included_requests)),
        compare("Applications", thousands(one.max_applications), thousands(plan.max_applications)),
    ];
    facts.extend(body_limits(plan).map(|(name, value)| (name, Slot::from(value))));
    let crowded = (one.applications > plan.max_applications).then(|| {
        let text = format!(
            "{} serves up to {}, and you have {}. Delete some before the change.",
            plan.name,
            count(plan.max_applications, "application", "applications"),
            one.applications
        );
        view! { <Banner tone=Tone::Warning>{text}</Banner> }
    });
    let full = (one.quota.used > plan.included_requests).then(|| {
        let text =
            format!("You have used {} requests in this quota period already, more than {} includes.", thousands(one.quota.used), plan.name);
        view! { <Banner tone=Tone::Warning>{text}</Banner> }
    });
    let trial = (one.status == SubscriptionStatus::Trialing).then(|| {
        let until = one.trial_end.map_or_else(|| "its end".to_owned(), |at| format!("{}, {}", day(at), relative(at, now)));
        view! { <p class="small muted">{format!("Your trial goes on until {until}.")}</p> }
    });
    let back = format!("/t/{tenant}/subscriptions/{}", one.id);
    let target = hidden(vec![("tenant", tenant.to_owned()), ("subscription", one.id.to_string()), ("plan", plan.code.clone())]);
    let submit = format!("Change to {}", plan.name);
    view! {
        <PageHeader title=format!("Change {} to {}", one.product_name, plan.name) lede=format!("From {} to {}.", one.plan_name, plan.name) />
        {crowded}{full}
        <div class="cols cols-2">
            <Card title="What changes"><DefinitionList facts=facts />{trial}</Card>
            <Card title="When">
                <Form action="/_fn/subscription/change_plan" submit=submit cancel=back>
                    {target}
                    <Field name="at" label="The new plan begins" kind=Kind::Radio(vec![
                        ("now".into(), "Now: the new limits hold at once".into()),
                        ("period_end".into(), format!("On {end}, when the period ends")),
                    ]) value=if upgrade { "now" } else { "period_end" } />
                </Form>
            </Card>
        </div>
    }
    .into_any()
}

fn ending(tenant: &str, one: &SubscriptionView) -> AnyView {
    let fields = vec![("tenant", tenant.to_owned()), ("subscription", one.id.to_string())];
    let target = hidden(fields.clone());
    let end = day(one.current_period_end);
    if one.cancel_at_period_end || one.pending_plan.is_some() {
        let (what, text) = if one.cancel_at_period_end {
            ("Keep the subscription", format!("It ends on {end}. Resumed, it renews on that day instead."))
        } else {
            ("Stay on the present plan", format!("The change on {end} is taken back."))
        };
        return view! {
            <Card title=what>
                <div class="row between">
                    <p class="small muted">{text}</p>
                    <PostButton action="/_fn/subscription/resume" label="Resume" look=Look::Primary fields=fields />
                </div>
            </Card>
        }
        .into_any();
    }
    view! {
        <Card title="Cancel">
            <Form action="/_fn/subscription/cancel" submit="Cancel the subscription" look=Look::Danger id="cancel">
                {target}
                <Field name="at" label="When it ends" kind=Kind::Radio(vec![
                    ("period_end".into(), format!("On {end}: everything works until then")),
                    ("now".into(), "Now: its applications stop at once".into()),
                ]) value="period_end"
                    hint="Its applications are then suspended, and deleted 30 days later. Subscribe again before that and they go on." />
            </Form>
        </Card>
    }
    .into_any()
}

/// The way back from a subscription that has ended.
fn again(tenant: &str, one: &SubscriptionView) -> AnyView {
    if one.status != SubscriptionStatus::Canceled {
        return ().into_any();
    }
    let href = format!("/t/{tenant}/subscribe?product={}", one.product);
    view! {
        <Card title="Subscribe again">
            <div class="row between">
                <p class="small muted">"Applications that are suspended but not yet deleted go on where they were."</p>
                <LinkButton href=href label="Choose a plan" />
            </div>
        </Card>
    }
    .into_any()
}
