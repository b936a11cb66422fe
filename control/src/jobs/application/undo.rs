//! Clears up in the service after an application that failed for good: DELETE until it is
//! answered 200 or 410. A new attempt to make the application begins with it instead.

use mintreu_model::status::ApplicationStatus;
use serde::{Deserialize, Serialize};

use super::{
    super::{Ended, Failure, Job, Outcome, payload, to_payload},
    Ending, PATIENCE, after, application, end_in_service,
};
use crate::{Control, application::work};

/// Carried from one run to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    tries: i64,
    operation: Option<String>,
}

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let Some(work) = work::any_get(&control.db, id).await? else { return Ok(Outcome::Done) };
    if work.status != ApplicationStatus::Failed || work.ever_active || !work.has_lifecycle() {
        return Ok(Outcome::Done);
    }
    let url = control.database_url(id).await?;
    let mut state: State = payload(job);
    match end_in_service(control, &work, url.as_deref(), &mut state.operation).await? {
        Ending::Gone => Ok(Outcome::Done),
        Ending::Later(pause) => Ok(Outcome::Wait { at: after(control, pause), payload: to_payload(&state), note: None }),
        Ending::NotYet(detail) => {
            state.tries += 1;
            if state.tries >= PATIENCE {
                return Err(Failure::Final(detail));
            }
            Ok(Outcome::Wait { at: control.next_attempt(state.tries), payload: to_payload(&state), note: Some(detail) })
        }
    }
}
