//! The jobs of an application: making, changing, deleting, and undoing what a service may have
//! kept of one that failed. All of them look at how things are and go on from there.

pub(super) mod delete;
pub(super) mod provision;
pub(super) mod undo;
pub(super) mod update;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::id::ApplicationId;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{Failure, Job, Outcome, to_payload};
use crate::{
    Control, Result,
    application::work::Work,
    provision::lifecycle::{Answer, Progress},
};

/// How long a service may work on one operation.
const OPERATION_MOST: TimeDelta = TimeDelta::minutes(30);

/// How long a service is asked to let go of an application before an operator must look why it
/// does not.
const PATIENCE: TimeDelta = TimeDelta::days(1);

const TOO_LONG: &str = "The service took too long";

/// An operation that the service works on.
#[derive(Debug, Serialize, Deserialize)]
struct UnderWay {
    operation: String,
    since: DateTime<Utc>,
}

impl UnderWay {
    fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        now > self.since + OPERATION_MOST
    }
}

/// What a job that deletes carries from one run to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Deletion {
    since: Option<DateTime<Utc>>,
    tries: i64,
    under_way: Option<UnderWay>,
    /// The service has forgotten it.
    gone: bool,
}

/// One step towards the service's having forgotten an application: none when it has. However it
/// answers, this ends within `PATIENCE`.
async fn until_gone(control: &Control, work: &Work, state: &mut Deletion) -> std::result::Result<Option<Outcome>, Failure> {
    let now = control.clock.now();
    let since = *state.since.get_or_insert(now);
    let url = control.database_url(work.id).await?;
    let (at, note) = match end_in_service(control, work, url.as_deref(), &mut state.under_way).await? {
        Ending::Gone => {
            state.gone = true;
            return Ok(None);
        }
        Ending::Later(pause) => (after(control, pause), WORKING.to_owned()),
        Ending::NotYet(detail) => {
            if now > since + PATIENCE {
                return Err(Failure::Final(format!("{detail}, and did not let go of it for a day")));
            }
            state.tries += 1;
            (control.next_attempt(state.tries), detail)
        }
    };
    Ok(Some(Outcome::Wait { at, payload: to_payload(state), note: Some(note) }))
}

fn application(job: &Job) -> std::result::Result<ApplicationId, Failure> {
    job.target.parse().map_err(|error| Failure::Final(format!("the target is no application: {error}")))
}

fn after(control: &Control, pause: Duration) -> DateTime<Utc> {
    control.clock.now() + TimeDelta::from_std(pause).unwrap_or(OPERATION_MOST)
}

/// How far the service is with forgetting an application.
enum Ending {
    /// It answered 200 or 410.
    Gone,
    /// It works on it.
    Later(Duration),
    NotYet(String),
}

const WORKING: &str = "The service is working on it";

/// One DELETE, or one question about the operation that an earlier one began.
async fn end_in_service(control: &Control, work: &Work, url: Option<&str>, under_way: &mut Option<UnderWay>) -> Result<Ending> {
    let now = control.clock.now();
    if let Some(one) = under_way.take() {
        return Ok(match control.ask_service(&Method::DELETE, work, url, &one.operation).await? {
            Progress::Succeeded => Ending::Gone,
            Progress::Working { ask_after, .. } if !one.is_overdue(now) => {
                *under_way = Some(one);
                Ending::Later(ask_after)
            }
            Progress::Working { .. } => Ending::NotYet(TOO_LONG.to_owned()),
            // The next attempt asks for the deletion anew.
            Progress::Failed(detail) | Progress::Unknown(detail) => Ending::NotYet(detail),
        });
    }
    Ok(match control.tell_service(Method::DELETE, work, url, None).await? {
        Answer::Done => Ending::Gone,
        Answer::Working { operation, ask_after } => {
            *under_way = Some(UnderWay { operation, since: now });
            Ending::Later(ask_after)
        }
        Answer::Refused(detail) | Answer::NotNow(detail) | Answer::Unsure(detail) => Ending::NotYet(detail),
    })
}
