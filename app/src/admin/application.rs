//! `/admin/applications` and its table, which tenants' pages show too, and
//! `/admin/applications/{id}`.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{
    list::{self, ListQuery},
    status::ApplicationStatus,
    view::ApplicationView,
};

use super::{
    filter::statuses,
    frame::{frame, id},
    sheet::{Sheet, maybe},
};
use crate::{
    components::prelude::*,
    load::load,
    tenant::{
        frame::param,
        steps::{follows, steps, total},
        words::count,
    },
};

/// The list as a file.
pub const SHEET: Sheet<ApplicationView> = Sheet {
    of: "applications",
    id: |one| one.id.to_string(),
    figures: &[
        ("Application", "name", |one| one.name.clone()),
        ("Application", "slug", |one| one.slug.clone()),
        ("Tenant", "tenant", |one| one.tenant_name.clone()),
        ("Tenant", "tenant_slug", |one| one.tenant_slug.clone()),
        ("Status", "status", |one| one.status.to_string()),
        ("Status", "status_reason", |one| maybe(one.status_reason.as_ref())),
        ("Product", "product", |one| one.product.clone()),
        ("Product", "plan", |one| one.plan.clone()),
        ("Database", "database", |one| maybe(one.database.as_ref())),
        ("Created", "created_at", |one| machine(one.created_at)),
    ],
};

fn retry(one: &ApplicationView, small: bool) -> Option<impl IntoView + use<>> {
    (one.status == ApplicationStatus::Failed).then(|| {
        view! {
            <PostButton action="/_fn/application/retry_any" label="Retry" fields=vec![("application", one.id.to_string())] small=small
                icon="refresh" about=one.name.clone() />
        }
    })
}

fn row(one: &ApplicationView, now: DateTime<Utc>, of_tenant: bool) -> Row {
    let reason = one.status_reason.clone().map(|reason| view! { <span class="sub">{reason}</span> });
    let mut cells = cells![
        view! {
            <a href=format!("/admin/applications/{}", one.id)>{one.name.clone()}</a>
            <span class="sub mono">{one.slug.clone()}</span>
        },
        view! { <Status name=one.status.as_str() />{reason} },
        view! { {one.product_name.clone()}<span class="sub">{one.plan_name.clone()}</span> },
        one.database.clone().unwrap_or_else(|| "None".to_owned()),
        view! { <When at=one.created_at now=now /> },
    ];
    if !of_tenant {
        cells.insert(1, view! { <a href=format!("/admin/tenants/{}", one.tenant)>{one.tenant_name.clone()}</a> }.into());
    }
    match retry(one, true) {
        Some(button) => Row::new(cells).actions(button),
        None => Row::new(cells),
    }
}

#[component]
pub fn ApplicationList(
    applications: list::List<ApplicationView>,
    now: DateTime<Utc>,
    /// All of them are of one tenant.
    #[prop(optional)]
    of_tenant: bool,
) -> impl IntoView {
    let mut columns = vec![
        Column::new("Application").sort("name"),
        Column::new("Status").sort("status"),
        Column::new("Product").sort("product"),
        Column::new("Database"),
        Column::new("Created").sort("created"),
    ];
    if !of_tenant {
        columns.insert(1, Column::new("Tenant").sort("tenant"));
    }
    let total = applications.total;
    let rows = applications.data.iter().map(|one| row(one, now, of_tenant)).collect();
    let filters = vec![statuses(ApplicationStatus::ALL.iter().map(|status| status.as_str()))];
    let csv = (!of_tenant).then(|| "/admin/applications.csv".to_owned());
    let empty = view! {
        <EmptyState icon="box" title="No applications yet">"They appear when somebody provisions one under a subscription."</EmptyState>
    };
    view! {
        <List of="applications" columns=columns rows=rows total=total sorted="-created" search="Application or tenant" filters=filters
            dense=true empty=empty nostrip:csv=csv />
    }
    .into_any()
}

#[component]
pub fn Applications() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let query = Query::current();
        let applications = control.list_any_applications(&who, &query.list()).await?;
        let failed = ListQuery { status: Some("failed".into()), limit: Some(1), ..ListQuery::default() };
        let failed = control.list_any_applications(&who, &failed).await?.total;
        let now = control.clock.now();
        let notice = (failed > 0 && query.get("status") != Some("failed")).then(|| {
            let text = count(failed, "application could not be provisioned.", "applications could not be provisioned.");
            view! {
                <Banner tone=Tone::Warning action=view! { <LinkButton href="?status=failed" label="Show failed first" small=true /> }>{text}</Banner>
            }
        });
        Ok(view! {
            <AdminShell frame=frame title="Applications" current="applications">
                <PageHeader title="Applications" lede="Of all tenants, newest first. Times in UTC." />
                {notice}
                <ApplicationList applications=applications now=now />
            </AdminShell>
        })
    })
}

fn facts(one: &ApplicationView, now: DateTime<Utc>) -> Vec<(&'static str, Slot)> {
    let subscription = format!("{}, plan {}", one.product_name, one.plan_name);
    let mut facts: Vec<(&'static str, Slot)> = vec![
        ("Tenant", view! { <a href=format!("/admin/tenants/{}", one.tenant)>{one.tenant_name.clone()}</a> }.into()),
        ("Product", view! { <a href=format!("/admin/products/{}", one.product)>{subscription}</a> }.into()),
        ("Endpoint", view! { <code>{one.endpoint.clone()}</code> }.into()),
        ("Database", one.database.clone().unwrap_or_else(|| "None".to_owned()).into()),
        ("Id", view! { <code>{one.id.to_string()}</code> }.into()),
        ("Created", view! { <When at=one.created_at now=now />{one.created_by.clone().map(|by| format!(", by {by}"))} }.into()),
        ("Changed", view! { <When at=one.updated_at now=now /> }.into()),
    ];
    if let Some(at) = one.delete_after {
        facts.push(("Deleted after", view! { <Day at=at /> }.into()));
    }
    facts
}

#[component]
pub fn Application() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame) = frame().await?;
        let one = control.get_any_application(&who, id(&address)?).await?;
        let timeline = control.get_any_timeline(&who, one.id).await?;
        let now = control.clock.now();
        let reason = one.status_reason.clone().map(|reason| {
            let tone = if one.status == ApplicationStatus::Failed { Tone::Bad } else { Tone::Warning };
            view! { <Banner tone=tone>{reason}</Banner> }
        });
        let took = total(&timeline).filter(|_| one.status == ApplicationStatus::Active).map(|took| Slot::from(format!("Took {took}")));
        let config = serde_json::to_string_pretty(&one.config).unwrap_or_default();
        let jobs = format!("/admin/jobs?q={}", one.id);
        let live = if follows(one.status, &timeline) { format!("/admin/applications/{}/events", one.id) } else { String::new() };
        let actions = view! { <LinkButton href=jobs label="Its jobs" />{retry(&one, false)} };
        let badge = view! { <Status name=one.status.as_str() /> };
        let version = format!("Version {}", one.config_version);
        Ok(view! {
            <AdminShell frame=frame title=one.name.clone() current="applications" parents=vec![Crumb::new("Applications", "/admin/applications")]>
                <PageHeader title=one.name.clone() badge=badge actions=actions lede=format!("Of {}.", one.tenant_name) />
                {reason}
                <div class="cols cols-main">
                    <Card title="Provisioning" nostrip:note=took><Timeline steps=steps(&timeline) live=live /></Card>
                    <div class="stack stack-l">
                        <Card title="Application"><DefinitionList facts=facts(&one, now) /></Card>
                        <Card title="Configuration" note=version><Code label="Configuration" code=config /></Card>
                    </div>
                </div>
            </AdminShell>
        })
    })
}
