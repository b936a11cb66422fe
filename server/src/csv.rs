//! Tables for spreadsheets: the usage of an application as its page shows it, with the same range and
//! breakdown, that of the platform, and the lists of the back office (`admin`).

mod admin;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};
use mintreu_app::{components::query::Query, tenant::usage::range::Range};
use mintreu_control::{Actor, Control, access::ViewTenant, usage};
use mintreu_model::{
    form::usage::{Preset, UsageQuery},
    status::{UsageBy, UsageOf},
};

pub(crate) fn router(control: Control) -> Router {
    Router::new().route("/t/{tenant}/applications/{application}/usage.csv", get(csv)).merge(admin::router()).with_state(control)
}

async fn csv(
    State(control): State<Control>,
    Extension(actor): Extension<Option<Actor>>,
    Path((tenant, application)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    match table(&control, actor, &tenant, &application, &query.unwrap_or_default()).await {
        Ok((name, text)) => file(&name, Body::from(text)),
        Err(error) => crate::forms::problem_json(&error.problem()),
    }
}

/// Usage of all tenants: over time, or by what the page breaks it down by.
async fn platform(State(control): State<Control>, Extension(actor): Extension<Option<Actor>>, RawQuery(query): RawQuery) -> Response {
    match platform_table(&control, actor, &query.unwrap_or_default()).await {
        Ok((name, text)) => file(&name, Body::from(text)),
        Err(error) => crate::forms::problem_json(&error.problem()),
    }
}

async fn platform_table(control: &Control, actor: Option<Actor>, query: &str) -> mintreu_control::Result<(String, String)> {
    let who = control.operate(&actor.ok_or(mintreu_control::Error::Unauthenticated("Log in to go on."))?)?;
    let query = Query::parse(query);
    let range = Range::read(&query, control.clock.now(), Preset::Month, None);
    let text = match query.get("by").and_then(UsageOf::from_name) {
        Some(by) => usage::shares_csv(&control.get_any_usage_shares(&who, &range.range(), by).await?, by.as_str()),
        None => usage::csv(&control.get_any_usage(&who, &range.query).await?, None),
    };
    Ok((named("platform", &range), text))
}

/// What the file is called.
fn named(of: &str, range: &Range) -> String {
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    format!("{of}-usage-{}-{}.csv", day(range.from()), day(range.to() - chrono::TimeDelta::seconds(1)))
}

fn file(name: &str, body: Body) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let file = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).unwrap_or(HeaderValue::from_static("attachment"));
    ([kind, keep, (header::CONTENT_DISPOSITION, file)], body).into_response()
}

/// Name of the file, and the table.
async fn table(
    control: &Control,
    actor: Option<Actor>,
    tenant: &str,
    application: &str,
    query: &str,
) -> mintreu_control::Result<(String, String)> {
    let actor = actor.ok_or(mintreu_control::Error::Unauthenticated("Log in to go on."))?;
    let who = control.permit_by_slug::<ViewTenant>(&actor, tenant).await?;
    let application = control.get_application_by_slug(&who, application).await?;
    let quota = control.get_subscription(&who, application.subscription).await?.quota;
    let query = Query::parse(query);
    let range = Range::read(&query, control.clock.now(), Preset::Month, Some(&quota));
    let by = query.get("by").and_then(UsageBy::from_name);
    let series = control.get_usage(&who, application.id, &UsageQuery { by, ..range.query.clone() }).await?;
    Ok((named(&application.slug, &range), usage::csv(&series, by)))
}
