//! `/admin`: how the platform does, and what needs somebody.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::{Overview as Figures, UsagePoint};

use super::{audit::href, frame::frame};
use crate::{
    components::{prelude::*, svg::float},
    load::load,
    tenant::{happened, words::count},
};

fn real(number: i64) -> f64 {
    float(usize::try_from(number).unwrap_or(0))
}

/// Counts in the table and the hints: whole, with thousands set apart.
fn exactly(value: f64) -> String {
    format!("{value:.0}").parse().map_or_else(|_| value.to_string(), thousands)
}

fn kpis(figures: &Figures) -> Vec<Kpi> {
    let total = figures.requests.iter().map(|point| point.requests).sum();
    let (worth, note) = match figures.monthly_recurring.as_slice() {
        [] => ("—".to_owned(), "No paid subscriptions".to_owned()),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().map(|money| format!("and {money}")).collect();
            (first.to_string(), if others.is_empty() { "A month, before tax".into() } else { others.join(" ") })
        }
    };
    vec![
        Kpi::new("Monthly recurring", worth).note(note),
        Kpi::new("Requests, 30 days", thousands(total)).note("All tenants"),
        Kpi::new("Tenants", thousands(figures.tenants)).note(count(figures.users, "user", "users")),
        Kpi::new("Live subscriptions", thousands(figures.subscriptions)),
        Kpi::new("Applications", thousands(figures.applications)).note(match figures.failed_applications {
            0 => "None failed".to_owned(),
            failed => format!("{} failed", thousands(failed)),
        }),
    ]
}

/// What somebody should look at.
fn attention(figures: &Figures) -> AnyView {
    let failed = (figures.failed_applications > 0).then(|| {
        let text = count(figures.failed_applications, "application could not be provisioned", "applications could not be provisioned");
        view! { <a href="/admin/applications?status=failed">{text}</a>". " }
    });
    let dead = (figures.dead_jobs > 0).then(|| {
        view! { <a href="/admin/jobs?status=dead">{count(figures.dead_jobs, "job failed for good", "jobs failed for good")}</a>". " }
    });
    if failed.is_none() && dead.is_none() {
        return ().into_any();
    }
    view! { <Banner tone=Tone::Warning>{failed}{dead}</Banner> }.into_any()
}

#[component]
fn Requests(points: Vec<UsagePoint>, now: DateTime<Utc>) -> impl IntoView {
    let series = |label: &str, colour: u8, value: fn(&UsagePoint) -> i64| {
        let total: i64 = points.iter().map(value).sum();
        Series::new(label, colour, points.iter().map(|point| real(value(point))).collect()).total(thousands(total))
    };
    let all = vec![
        series("Succeeded", 1, |point| (point.requests - point.errors).max(0)),
        series("Client errors, 4xx", 4, |point| (point.errors - point.server_errors).max(0)),
        series("Service errors, 5xx", 2, |point| point.server_errors),
    ];
    let labels = points.iter().map(|point| short_day(point.start, now)).collect();
    let total: i64 = points.iter().map(|point| point.requests).sum();
    let errors: i64 = points.iter().map(|point| point.errors).sum();
    let summary = format!("Requests by day over the last 30 days: {} in all, {} of them errors.", thousands(total), thousands(errors));
    let body = if total == 0 {
        view! { <p class="muted">"No calls in the last 30 days."</p> }.into_any()
    } else {
        view! {
            <StackedBars caption="Requests by outcome, last 30 days" summary=summary labels=labels series=all format=exactly partial=true
                foot="All tenants. Today is not over yet. Days in UTC." />
        }
        .into_any()
    };
    view! { <Card title="Requests" note="Last 30 days">{body}</Card> }.into_any()
}

#[component]
pub fn Overview() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let figures = control.overview(&who).await?;
        let now = control.clock.now();
        let queued = match figures.queued_jobs {
            0 => "Nothing is waiting on the queue.".to_owned(),
            many => format!("{} on the queue.", count(many, "job", "jobs")),
        };
        let feed = if figures.recent.is_empty() {
            view! { <p class="muted">"Nothing has happened yet."</p> }.into_any()
        } else {
            view! { <Feed items=figures.recent.iter().take(7).map(|entry| happened::item(entry, now, href(entry))).collect() /> }.into_any()
        };
        let more = view! { <LinkButton href="/admin/audit" label="All" small=true look=Look::Quiet /> };
        Ok(view! {
            <AdminShell frame=frame title="Overview" current="overview">
                <PageHeader title="Overview" lede=format!("The platform as of now. {queued}") />
                <Kpis figures=kpis(&figures) />
                {attention(&figures)}
                <div class="cols cols-main">
                    <Requests points=figures.requests now=now />
                    <Card title="Recent changes" action=more>{feed}</Card>
                </div>
            </AdminShell>
        })
    })
}
