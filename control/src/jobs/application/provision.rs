//! Makes an application: plan, database, service, keys, ready. It may be cut off anywhere and is
//! run again from the first step that is not done. What a service may have half done with an
//! application that was never ready is deleted there before the next attempt.

use chrono::{DateTime, Utc};
use mintreu_model::status::{ApplicationStatus, StepStatus, TenantStatus};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::{Ended, Job, Outcome, kind, payload, to_payload},
    Ending, TOO_LONG, UnderWay, WORKING, after, application, end_in_service,
};
use crate::{
    Control, Result,
    application::{
        store as applications,
        work::{self, Work},
    },
    audit::Entry,
    mail::letter,
    provision::{
        lifecycle::{Answer, Progress},
        steps::{self, clock_time},
    },
    store::{Change, Tx},
};

/// PUTs that may fail before the application does.
const TRIES: i64 = 6;

/// Carried from one run to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// PUTs that failed.
    tries: i64,
    /// Of the PUT.
    under_way: Option<UnderWay>,
    /// What the PUT said.
    sent: Option<(String, i64)>,
    /// The service may hold something that must go before the next PUT.
    undo: bool,
    /// Of the DELETE.
    undoing: Option<UnderWay>,
}

/// What a making carries that has to delete first.
pub(in super::super) fn with_undo() -> Value {
    to_payload(&State { undo: true, ..State::default() })
}

/// How far the service is.
enum Set {
    Up,
    Later(DateTime<Utc>, String),
    Failed(String),
}

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let mut state: State = payload(job);
    let Some(work) = work::any_get(&control.db, id).await? else { return Ok(Outcome::Done) };
    if work.status != ApplicationStatus::Provisioning {
        return Ok(Outcome::Done);
    }
    control.step(id, steps::PLAN, StepStatus::Running, None).await?;
    if work.tenant_status != TenantStatus::Active || !work.subscription_status.is_served() {
        return fail_inactive(control, &work).await;
    }
    control.step(id, steps::PLAN, StepStatus::Done, Some(&format!("Plan {}", work.plan))).await?;
    if work.wants_database() {
        control.step(id, steps::DATABASE, StepStatus::Running, None).await?;
        match control.make_database(id).await {
            Ok(engine) => control.step(id, steps::DATABASE, StepStatus::Done, Some(title_of(engine))).await?,
            Err(error) => {
                let detail = "The database server did not do it. Trying again shortly.";
                control.step(id, steps::DATABASE, StepStatus::Running, Some(detail)).await?;
                return Err(error.into());
            }
        }
    }
    if work.has_lifecycle() {
        control.step(id, steps::SERVICE, StepStatus::Running, None).await?;
        // An earlier run that was cut off may have been heard by the service.
        let cut_off = job.attempts > 1;
        match set_up(control, &work, &mut state, cut_off).await? {
            Set::Up => control.step(id, steps::SERVICE, StepStatus::Done, work.service_name.as_deref()).await?,
            Set::Later(at, note) => {
                control.step(id, steps::SERVICE, StepStatus::Running, Some(&note)).await?;
                return Ok(Outcome::Wait { at, payload: to_payload(&state), note: Some(note) });
            }
            Set::Failed(reason) => return fail(control, &work, &reason, &state).await,
        }
    }
    finish(control, &work, &state).await
}

fn title_of(engine: &str) -> &'static str {
    if engine == "postgres" { "A PostgreSQL database of its own" } else { "A SQLite database of its own" }
}

async fn set_up(control: &Control, work: &Work, state: &mut State, cut_off: bool) -> Result<Set> {
    let url = control.database_url(work.id).await?;
    let url = url.as_deref();
    if let Some(one) = &state.under_way {
        let overdue = one.is_overdue(control.clock.now());
        return match control.ask_service(&Method::PUT, work, url, &one.operation).await? {
            Progress::Succeeded => Ok(Set::Up),
            Progress::Failed(detail) => unsure(control, work, url, state, detail).await,
            Progress::Working { .. } | Progress::Unknown(_) if overdue => unsure(control, work, url, state, TOO_LONG.to_owned()).await,
            Progress::Working { description, ask_after } => {
                Ok(Set::Later(after(control, ask_after), description.unwrap_or_else(|| WORKING.to_owned())))
            }
            Progress::Unknown(detail) => {
                let at = control.next_attempt(2);
                Ok(Set::Later(at, again_at(&detail, at)))
            }
        };
    }
    if state.undo {
        match end_in_service(control, work, url, &mut state.undoing).await? {
            Ending::Gone => state.undo = false,
            Ending::Later(pause) => return Ok(Set::Later(after(control, pause), "The service is clearing up the last attempt".to_owned())),
            Ending::NotYet(detail) => return Ok(once_more(control, state, &detail)),
        }
    }
    let body = json!({
        "tenant": work.tenant_id, "product": work.product, "plan": work.plan, "config": work.config.0,
        "database": url.map(|url| json!({ "url": url })),
    });
    state.sent = Some((work.plan.clone(), work.config_version));
    match control.tell_service(Method::PUT, work, url, Some(&body)).await? {
        Answer::Done => Ok(Set::Up),
        Answer::Working { operation, ask_after } => {
            state.under_way = Some(UnderWay { operation, since: control.clock.now() });
            Ok(Set::Later(after(control, ask_after), WORKING.to_owned()))
        }
        // What it refuses may be other than what a run that was cut off had told it.
        Answer::Refused(detail) if cut_off => unsure(control, work, url, state, detail).await,
        Answer::Refused(detail) => Ok(Set::Failed(detail)),
        Answer::NotNow(detail) => Ok(once_more(control, state, &detail)),
        Answer::Unsure(detail) => unsure(control, work, url, state, detail).await,
    }
}

/// The PUT went wrong in a way that may have left something behind: it is deleted first.
async fn unsure(control: &Control, work: &Work, url: Option<&str>, state: &mut State, detail: String) -> Result<Set> {
    state.under_way = None;
    if !work.ever_active {
        state.undo = true;
        if matches!(end_in_service(control, work, url, &mut state.undoing).await?, Ending::Gone) {
            state.undo = false;
        }
    }
    Ok(once_more(control, state, &detail))
}

fn once_more(control: &Control, state: &mut State, detail: &str) -> Set {
    state.tries += 1;
    if state.tries >= TRIES {
        return Set::Failed(format!("{detail}, {TRIES} times. Try again later."));
    }
    let at = control.next_attempt(state.tries);
    Set::Later(at, again_at(detail, at))
}

fn again_at(detail: &str, at: DateTime<Utc>) -> String {
    format!("{detail}. Trying again at {}.", clock_time(at))
}

async fn finish(control: &Control, work: &Work, state: &State) -> Ended {
    let (id, now) = (work.id, control.clock.now());
    let mut tx = control.db.begin().await?;
    let ground = applications::lock_ground_of(&mut tx, work.tenant_id, id).await?;
    if !ground.is_some_and(|ground| ground.status.is_served()) {
        drop(tx);
        return fail_inactive(control, work).await;
    }
    let key = work::any_first_key(&mut tx, id).await?;
    applications::set_step(&mut tx, id, steps::KEYS, StepStatus::Done, key.as_deref(), now).await?;
    applications::set_step(&mut tx, id, steps::READY, StepStatus::Done, None, now).await?;
    if !work::any_set_status(&mut tx, id, ApplicationStatus::Provisioning, ApplicationStatus::Active, None, now).await? {
        // Deleted meanwhile; that job clears up.
        return Ok(Outcome::Done);
    }
    let (plan, version) = state.sent.clone().unwrap_or_else(|| (work.plan.clone(), work.config_version));
    work::any_told(&mut tx, id, &plan, version).await?;
    if work::any_is_behind(&mut tx, id).await? {
        // Configured or moved to another plan while it was made.
        control.enqueue(&mut tx, kind::CONFIGURE, &id.to_string(), &Value::Null, now).await?;
    }
    let letter = letter::application_ready(&control.config.public_url, &work.tenant_slug, &work.slug, &work.name);
    if let Some(creator) = &work.creator {
        control.post(&mut tx, creator, &letter).await?;
    }
    control.notify(&mut tx, work.tenant_id, "application", &letter).await?;
    tx.changed(Change::Application(id), now).await?;
    control.record(&mut tx, None, Entry::new("application.ready", ("application", id, &work.name)).tenant(work.tenant_id)).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// What the service may have made so far goes.
async fn fail_inactive(control: &Control, work: &Work) -> Ended {
    let begun = begun(control, work).await?;
    let mut tx = control.db.begin().await?;
    fail_within(control, &mut tx, work, "The subscription is no longer active.", begun).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Whether the service was ever told of it.
async fn begun(control: &Control, work: &Work) -> Result<bool> {
    Ok(work.has_lifecycle() && work::any_step_begun(&control.db, work.id, steps::SERVICE).await?)
}

async fn fail(control: &Control, work: &Work, reason: &str, state: &State) -> Ended {
    let mut tx = control.db.begin().await?;
    let undo = state.undo || state.under_way.is_some();
    fail_within(control, &mut tx, work, reason, undo).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

async fn fail_within(control: &Control, tx: &mut Tx, work: &Work, reason: &str, undo: bool) -> Result<()> {
    let (id, now) = (work.id, control.clock.now());
    if !work::any_set_status(tx, id, ApplicationStatus::Provisioning, ApplicationStatus::Failed, Some(reason), now).await? {
        return Ok(());
    }
    applications::fail_running_steps(tx, id, reason, now).await?;
    if undo && !work.ever_active {
        control.enqueue(tx, kind::UNDO, &id.to_string(), &Value::Null, now).await?;
    }
    let letter = letter::application_failed(&control.config.public_url, &work.tenant_slug, &work.slug, &work.name, reason);
    if let Some(creator) = &work.creator {
        control.post(tx, creator, &letter).await?;
    }
    control.notify(tx, work.tenant_id, "application", &letter).await?;
    tx.changed(Change::Application(id), now).await?;
    control.record(tx, None, Entry::new("application.fail", ("application", id, &work.name)).tenant(work.tenant_id).after(reason)).await
}

/// The job is dead, for a reason of the platform's own.
pub(in super::super) async fn given_up(control: &Control, tx: &mut Tx, job: &Job) -> Result<()> {
    let Ok(id) = application(job) else { return Ok(()) };
    let Some(work) = work::any_get(&control.db, id).await? else { return Ok(()) };
    let begun = begun(control, &work).await?;
    fail_within(control, tx, &work, "It could not be made, through no fault of yours. Try again, or tell support.", begun).await
}
