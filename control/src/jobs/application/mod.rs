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

use super::{Failure, Job};
use crate::{
    Control, Result,
    application::work::Work,
    provision::lifecycle::{Answer, Progress},
};

/// How long a service may work on one operation.
const OPERATION_MOST: TimeDelta = TimeDelta::minutes(30);

/// Deletions that may fail before an operator must look why the service does not let go: a day's.
const PATIENCE: i64 = 100;

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

/// One DELETE, or one question about the operation that an earlier one began.
async fn end_in_service(control: &Control, work: &Work, url: Option<&str>, operation: &mut Option<String>) -> Result<Ending> {
    if let Some(under_way) = operation.take() {
        return Ok(match control.ask_service(&Method::DELETE, work, url, &under_way).await? {
            Progress::Succeeded => Ending::Gone,
            Progress::Working { ask_after, .. } => {
                *operation = Some(under_way);
                Ending::Later(ask_after)
            }
            // The next attempt asks for the deletion anew.
            Progress::Failed(detail) | Progress::Unknown(detail) => Ending::NotYet(detail),
        });
    }
    Ok(match control.tell_service(Method::DELETE, work, url, None).await? {
        Answer::Done => Ending::Gone,
        Answer::Working { operation: begun, ask_after } => {
            *operation = Some(begun);
            Ending::Later(ask_after)
        }
        Answer::Refused(detail) | Answer::NotNow(detail) | Answer::Unsure(detail) => Ending::NotYet(detail),
    })
}
