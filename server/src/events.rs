//! Live updates: the timeline of an application as server-sent events, for its tenant and for super
//! admins. Each message is the new
//! content of the list, rendered by the same component as the page; `done` ends the stream.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    Extension, Router,
    extract::{Path, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::{Stream, StreamExt as _, stream};
use mintreu_app::{
    components::timeline::timeline_html,
    tenant::steps::{is_moving, steps},
};
use mintreu_control::{Actor, Control, Error, Operator, Permitted, access::ViewTenant};
use mintreu_model::{id::ApplicationId, view::TimelineView};
use tokio_util::sync::CancellationToken;

/// Changes made by another replica are seen this soon.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Parts {
    control: Control,
    stopping: CancellationToken,
}

pub(crate) fn router(control: Control, stopping: CancellationToken) -> Router {
    Router::new()
        .route("/t/{tenant}/applications/{application}/events", get(of_tenant))
        .route("/admin/applications/{id}/events", get(of_any))
        .with_state(Parts { control, stopping })
}

/// Proof that the watcher may see the application.
enum Watcher {
    Member(Permitted<ViewTenant>),
    Operator(Operator),
}

async fn of_tenant(
    State(parts): State<Parts>,
    Extension(actor): Extension<Option<Actor>>,
    Path((tenant, application)): Path<(String, String)>,
) -> Response {
    match begin(&parts.control, actor, &tenant, &application).await {
        Ok((who, id)) => stream_of(parts, Watcher::Member(who), id).into_response(),
        Err(error) => crate::forms::problem_json(&error.problem()).into_response(),
    }
}

async fn of_any(State(parts): State<Parts>, Extension(actor): Extension<Option<Actor>>, Path(id): Path<String>) -> Response {
    match begin_any(&parts.control, actor, &id).await {
        Ok((who, id)) => stream_of(parts, Watcher::Operator(who), id).into_response(),
        Err(error) => crate::forms::problem_json(&error.problem()).into_response(),
    }
}

async fn begin_any(control: &Control, actor: Option<Actor>, id: &str) -> mintreu_control::Result<(Operator, ApplicationId)> {
    let who = control.operate(&actor.ok_or(Error::Unauthenticated("Log in to go on."))?)?;
    let id = id.parse().map_err(|_| Error::NotFound("application"))?;
    Ok((who.clone(), control.get_any_application(&who, id).await?.id))
}

async fn begin(
    control: &Control,
    actor: Option<Actor>,
    tenant: &str,
    application: &str,
) -> mintreu_control::Result<(Permitted<ViewTenant>, ApplicationId)> {
    let actor = actor.ok_or(Error::Unauthenticated("Log in to go on."))?;
    let who = control.permit_by_slug::<ViewTenant>(&actor, tenant).await?;
    let id = control.get_application_by_slug(&who, application).await?.id;
    Ok((who, id))
}

struct Watch {
    parts: Parts,
    who: Watcher,
    id: ApplicationId,
    wake: Pin<Box<dyn Stream<Item = ()> + Send>>,
    shown: Option<TimelineView>,
    ended: bool,
}

fn stream_of(parts: Parts, who: Watcher, id: ApplicationId) -> impl IntoResponse {
    let wake = Box::pin(parts.control.watch_application(id));
    let watch = Watch { parts, who, id, wake, shown: None, ended: false };
    Sse::new(stream::unfold(watch, next)).keep_alive(KeepAlive::default())
}

async fn next(mut watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    if watch.ended {
        return None;
    }
    loop {
        let control = &watch.parts.control;
        let timeline = match &watch.who {
            Watcher::Member(who) => control.get_timeline(who, watch.id).await,
            Watcher::Operator(who) => control.get_any_timeline(who, watch.id).await,
        }
        .ok()?;
        if watch.shown.as_ref() != Some(&timeline) {
            let event = Event::default().data(timeline_html(&steps(&timeline)));
            watch.shown = Some(timeline);
            return Some((Ok(event), watch));
        }
        if !is_moving(&timeline) {
            watch.ended = true;
            return Some((Ok(Event::default().event("done").data("done")), watch));
        }
        tokio::select! {
            () = watch.parts.stopping.cancelled() => return None,
            _ = watch.wake.next() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
