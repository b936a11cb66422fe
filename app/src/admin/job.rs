//! `/admin/jobs`: work that the platform does by itself, and what failed.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{status::JobStatus, view::JobView};

use super::{
    filter::statuses,
    frame::frame,
    sheet::{Sheet, maybe},
};
use crate::{components::prelude::*, flash::PageFlash, load::load, tenant::words::count};

/// The list as a file.
pub const SHEET: Sheet<JobView> = Sheet {
    of: "jobs",
    id: |job| job.id.to_string(),
    figures: &[
        ("Job", "kind", |job| job.kind.clone()),
        ("Status", "status", |job| job.status.to_string()),
        ("Status", "last_error", |job| maybe(job.last_error.as_ref())),
        ("About", "target", |job| job.target.clone()),
        ("Attempts", "attempts", |job| job.attempts.to_string()),
        ("When", "run_at", |job| machine(job.run_at)),
        ("When", "finished_at", |job| maybe(job.finished_at.map(machine))),
        ("Created", "created_at", |job| machine(job.created_at)),
    ],
};

/// What a kind of job does, as people say it.
fn said(kind: &str) -> String {
    match kind {
        "account.forgot" => "Mail to who forgot a password".into(),
        "application.provision" => "Provision an application".into(),
        "application.config" => "Tell the service a new configuration".into(),
        "application.plan" => "Tell the service a new plan".into(),
        "application.delete" => "Delete an application".into(),
        "application.undo" => "Clean up after a failed provisioning".into(),
        "application.lapse" => "Delete applications whose grace is over".into(),
        "subscription.due" => "Renew and end subscriptions".into(),
        "tenant.remove" => "Delete tenants whose grace is over".into(),
        "quota.alert" => "Tell tenants how much of a quota is used".into(),
        "mail.send" => "Send mail".into(),
        "mail.again" => "Try mail again".into(),
        "prune" => "Remove what is out of date".into(),
        other => humanise(&other.replace(['.', '_'], " ")),
    }
}

fn row(job: JobView, now: DateTime<Utc>) -> Row {
    let target = if job.target.starts_with("app_") {
        view! { <a href=format!("/admin/applications/{}", job.target)><code>{job.target.clone()}</code></a> }.into_any()
    } else if job.target == job.kind {
        view! { <span class="muted">"All of them"</span> }.into_any()
    } else {
        view! { <code>{job.target.clone()}</code> }.into_any()
    };
    let error = job.last_error.map(|error| view! { <span class="sub">{error}</span> });
    let when = match (job.status, job.finished_at) {
        (_, Some(at)) => view! { "Finished "<When at=at now=now /> }.into_any(),
        (JobStatus::Queued, None) => view! { "Due "<When at=job.run_at now=now /> }.into_any(),
        _ => view! { "Begun "<When at=job.run_at now=now /> }.into_any(),
    };
    let row = Row::new(cells![
        view! { {said(&job.kind)}<span class="sub mono">{job.kind.clone()}</span> },
        view! { <Status name=job.status.as_str() />{error} },
        target,
        job.attempts.to_string(),
        when,
        view! { <When at=job.created_at now=now /> },
    ]);
    let label = match job.status {
        JobStatus::Dead => "Retry",
        JobStatus::Queued if job.attempts > 0 => "Run now",
        _ => return row,
    };
    row.pick(job.id.to_string(), format!("{} {}", said(&job.kind), job.target)).actions(view! {
        <PostButton action="/_fn/job/retry" label=label fields=vec![("job", job.id.to_string())] small=true about=job.target />
    })
}

#[component]
pub fn Jobs() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let query = Query::current();
        let jobs = control.list_jobs(&who, &query.list()).await?;
        let now = control.clock.now();
        let columns = vec![
            Column::new("Job").sort("kind"),
            Column::new("Status").sort("status"),
            Column::new("About"),
            Column::new("Attempts").num().sort("attempts"),
            Column::new("When").sort("due"),
            Column::new("Created").sort("created"),
        ];
        let notice = (frame.failed_jobs > 0 && query.get("status") != Some("dead")).then(|| {
            let text = count(frame.failed_jobs, "job failed for good.", "jobs failed for good.");
            view! {
                <Banner tone=Tone::Bad action=view! { <LinkButton href="?status=dead" label="Show them" small=true /> }>
                    {text}" They are tried again only when you say so."
                </Banner>
            }
        });
        let bulk = Bulk {
            action: "/_fn/job/retry_many".into(),
            asks: false,
            all: "All failed ones that match".into(),
            buttons: view! { <Button label="Retry" icon="refresh" small=true /> }.into(),
        };
        let refused = PageFlash::current().once();
        let total = jobs.total;
        let rows = jobs.data.into_iter().map(|job| row(job, now)).collect();
        let filters = vec![statuses(JobStatus::ALL.iter().map(|status| status.as_str()))];
        let empty =
            view! { <EmptyState icon="play" title="No jobs yet">"Work that the platform does by itself is listed here."</EmptyState> };
        Ok(view! {
            <AdminShell frame=frame title="Jobs" current="jobs">
                <PageHeader title="Jobs" lede="Work that the platform does by itself, newest first. What fails is tried again, later each time. Times in UTC." />
                <BulkReport refused=refused />
                {notice}
                <List of="jobs" columns=columns rows=rows total=total sorted="-created" search="Kind or id" filters=filters dense=true empty=empty
                    csv="/admin/jobs.csv" bulk=bulk />
            </AdminShell>
        })
    })
}
