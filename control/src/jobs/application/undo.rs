//! Clears up in the service after an application that failed for good: DELETE until it is
//! answered 200 or 410. A new attempt to make the application begins with it instead.

use mintreu_model::status::ApplicationStatus;

use super::{
    super::{Ended, Job, Outcome, payload},
    Deletion, application, until_gone,
};
use crate::{Control, application::work};

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let Some(work) = work::any_get(&control.db, id).await? else { return Ok(Outcome::Done) };
    if work.status != ApplicationStatus::Failed || work.ever_active || !work.has_lifecycle() {
        return Ok(Outcome::Done);
    }
    let mut state: Deletion = payload(job);
    Ok(until_gone(control, &work, &mut state).await?.unwrap_or(Outcome::Done))
}
