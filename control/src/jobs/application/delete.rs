//! Deletes an application whose grace is over: in the service, then its database, then its
//! secrets. Its row stays, for invoices and audit.

use mintreu_model::status::ApplicationStatus;
use serde::{Deserialize, Serialize};

use super::{
    super::{Ended, Failure, Job, Outcome, payload, to_payload},
    Ending, PATIENCE, after, application, end_in_service,
};
use crate::{Control, application::work, audit::Entry, key, provision::steps, store::Change};

/// Carried from one run to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    tries: i64,
    operation: Option<String>,
    /// The service has forgotten it.
    gone: bool,
}

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let mut state: State = payload(job);
    let mut tx = control.db.begin().await?;
    if !work::any_begin_deletion(&mut tx, id, control.clock.now()).await? {
        return Ok(Outcome::Done);
    }
    tx.changed(Change::Application(id), control.clock.now()).await?;
    tx.commit().await?;
    let Some(work) = work::any_get(&control.db, id).await?.filter(|work| work.status == ApplicationStatus::Deleting) else {
        return Ok(Outcome::Done);
    };
    let known = work.ever_active || work::any_step_begun(&control.db, id, steps::SERVICE).await?;
    if work.has_lifecycle() && known && !state.gone {
        let url = control.database_url(id).await?;
        match end_in_service(control, &work, url.as_deref(), &mut state.operation).await? {
            Ending::Gone => state.gone = true,
            Ending::Later(pause) => return Ok(Outcome::Wait { at: after(control, pause), payload: to_payload(&state), note: None }),
            Ending::NotYet(detail) => {
                state.tries += 1;
                if state.tries >= PATIENCE {
                    return Err(Failure::Final(detail));
                }
                return Ok(Outcome::Wait { at: control.next_attempt(state.tries), payload: to_payload(&state), note: Some(detail) });
            }
        }
    }
    control.drop_database(id).await?;
    let now = control.clock.now();
    let mut tx = control.db.begin().await?;
    key::store::forget(&mut tx, id, now).await?;
    work::any_bury(&mut tx, id, now).await?;
    tx.changed(Change::Application(id), now).await?;
    control.record(&mut tx, None, Entry::new("application.remove", ("application", id, &work.name)).tenant(work.tenant_id)).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
