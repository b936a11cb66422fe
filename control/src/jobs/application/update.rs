//! Brings what the service knows of an application to what is wanted: its configuration, its plan.
//! One job for both, since it compares instead of being told. It never deletes: a service that
//! fails keeps what it had, and the timeline says so.

use chrono::{DateTime, Utc};
use mintreu_model::status::{ApplicationStatus, StepStatus};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    super::{ATTEMPTS, Ended, Failure, Job, Outcome, payload, to_payload},
    TOO_LONG, UnderWay, WORKING, after, application,
};
use crate::{
    Control, Result,
    application::{
        store as applications,
        work::{self, Work},
    },
    provision::{
        lifecycle::{Answer, Progress},
        steps::{self, clock_time},
    },
    store::Tx,
};

/// Carried from one run to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    tries: i64,
    under_way: Option<UnderWay>,
    /// Plan and version of the configuration that the operation brings.
    sent: Option<(String, i64)>,
}

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let mut state: State = payload(job);
    let Some(work) = work::any_get(&control.db, id).await? else { return Ok(Outcome::Done) };
    if !matches!(work.status, ApplicationStatus::Active | ApplicationStatus::Suspended) {
        // What is being made is told everything when it is ready.
        return Ok(Outcome::Done);
    }
    let plan_changes = work.told_plan.as_deref() != Some(&work.plan);
    let config_changes = work.told_config_version != Some(work.config_version);
    if !work.has_lifecycle() || !(plan_changes || config_changes) {
        return took(control, &work, (work.plan.clone(), work.config_version)).await;
    }
    let url = control.database_url(id).await?;
    let url = url.as_deref();
    if let (Some(one), Some(sent)) = (&state.under_way, state.sent.clone()) {
        let overdue = one.is_overdue(control.clock.now());
        return match control.ask_service(&Method::PATCH, &work, url, &one.operation).await? {
            Progress::Succeeded => took(control, &work, sent).await,
            Progress::Working { description, ask_after } if !overdue => {
                let note = description.unwrap_or_else(|| WORKING.to_owned());
                wait(control, &work, &state, after(control, ask_after), note).await
            }
            Progress::Unknown(detail) if !overdue => wait(control, &work, &state, control.next_attempt(2), detail).await,
            Progress::Failed(detail) | Progress::Unknown(detail) => once_more(control, &work, state, detail).await,
            Progress::Working { .. } => once_more(control, &work, state, TOO_LONG.to_owned()).await,
        };
    }
    if plan_changes && state.tries == 0 {
        let mut tx = control.db.begin().await?;
        applications::plan_step(&mut tx, control.id(), id, &steps::change_plan()).await?;
        tx.commit().await?;
    }
    note(control, &work, None).await?;
    let body = body(control, &work, plan_changes, config_changes).await?;
    let sent = (work.plan.clone(), work.config_version);
    match control.tell_service(Method::PATCH, &work, url, Some(&body)).await? {
        Answer::Done => took(control, &work, sent).await,
        Answer::Working { operation, ask_after } => {
            let under_way = Some(UnderWay { operation, since: control.clock.now() });
            state = State { under_way, sent: Some(sent), ..state };
            wait(control, &work, &state, after(control, ask_after), WORKING.to_owned()).await
        }
        Answer::Refused(detail) => Err(Failure::Final(detail)),
        Answer::NotNow(detail) | Answer::Unsure(detail) => once_more(control, &work, state, detail).await,
    }
}

/// What changes, with what the service was told before.
async fn body(control: &Control, work: &Work, plan: bool, config: bool) -> Result<Value> {
    let (mut body, mut previous) = (Map::new(), Map::new());
    if plan {
        body.insert("plan".to_owned(), json!(work.plan));
        previous.insert("plan".to_owned(), json!(work.told_plan));
    }
    if config {
        body.insert("config".to_owned(), json!(work.config.0));
        let told = work::any_config(&control.db, work.id, work.told_config_version.unwrap_or(0)).await?;
        previous.insert("config".to_owned(), Value::Object(told));
    }
    body.insert("previous_values".to_owned(), Value::Object(previous));
    Ok(Value::Object(body))
}

/// The service has what was sent. What changed since goes to it in a next round.
async fn took(control: &Control, work: &Work, sent: (String, i64)) -> Ended {
    let (id, now) = (work.id, control.clock.now());
    let all = sent == (work.plan.clone(), work.config_version);
    let mut tx = control.db.begin().await?;
    work::any_told(&mut tx, id, &sent.0, sent.1).await?;
    if all {
        applications::set_step(&mut tx, id, steps::CONFIGURE, StepStatus::Done, Some(&format!("Version {}", sent.1)), now).await?;
        applications::set_step(&mut tx, id, steps::CHANGE_PLAN, StepStatus::Done, Some(&format!("Plan {}", sent.0)), now).await?;
    }
    tx.commit().await?;
    Ok(if all { Outcome::Done } else { Outcome::Wait { at: now, payload: Value::Null, note: None } })
}

async fn wait(control: &Control, work: &Work, state: &State, at: DateTime<Utc>, text: String) -> Ended {
    note(control, work, Some(&text)).await?;
    Ok(Outcome::Wait { at, payload: to_payload(state), note: Some(text) })
}

async fn once_more(control: &Control, work: &Work, state: State, detail: String) -> Ended {
    let tries = state.tries + 1;
    if tries >= ATTEMPTS {
        return Err(Failure::Final(format!("{detail}, {ATTEMPTS} times")));
    }
    let at = control.next_attempt(tries);
    let text = format!("{detail}. Trying again at {}.", clock_time(at));
    wait(control, work, &State { tries, ..State::default() }, at, text).await
}

/// What the open steps say.
async fn note(control: &Control, work: &Work, text: Option<&str>) -> Result<()> {
    control.step(work.id, steps::CONFIGURE, StepStatus::Running, text).await?;
    control.step(work.id, steps::CHANGE_PLAN, StepStatus::Running, text).await
}

/// The service did not take it: the steps say why, the application goes on as it was.
pub(in super::super) async fn given_up(control: &Control, tx: &mut Tx, job: &Job, error: &str) -> Result<()> {
    let Ok(id) = application(job) else { return Ok(()) };
    // Those too that it never came to.
    for step in [steps::CONFIGURE, steps::CHANGE_PLAN] {
        applications::fail_open_step(tx, id, step, error, control.clock.now()).await?;
    }
    Ok(())
}
