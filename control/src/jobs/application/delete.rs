//! Deletes an application whose grace is over: in the service, then its database, then its
//! secrets. Its row stays, for invoices and audit.

use mintreu_model::status::{ApplicationStatus, StepStatus};

use super::{
    super::{Ended, Job, Outcome, payload},
    Deletion, application, until_gone,
};
use crate::{
    Control, Result,
    application::{store as applications, work},
    audit::Entry,
    key,
    provision::steps,
    store::{Change, Tx},
};

pub(in super::super) async fn run(control: &Control, job: &Job) -> Ended {
    let id = application(job)?;
    let mut state: Deletion = payload(job);
    let mut tx = control.db.begin().await?;
    if !work::any_begin_deletion(&mut tx, id, control.clock.now()).await? {
        return Ok(Outcome::Done);
    }
    if state.since.is_none() {
        applications::plan_step(&mut tx, control.id(), id, &steps::delete()).await?;
    }
    tx.changed(Change::Application(id), control.clock.now()).await?;
    tx.commit().await?;
    control.step(id, steps::DELETE, StepStatus::Running, None).await?;
    let Some(work) = work::any_get(&control.db, id).await?.filter(|work| work.status == ApplicationStatus::Deleting) else {
        return Ok(Outcome::Done);
    };
    let known = work.ever_active || work::any_step_begun(&control.db, id, steps::SERVICE).await?;
    if work.has_lifecycle()
        && known
        && !state.gone
        && let Some(later) = until_gone(control, &work, &mut state).await?
    {
        if let Outcome::Wait { note, .. } = &later {
            control.step(id, steps::DELETE, StepStatus::Running, note.as_deref()).await?;
        }
        return Ok(later);
    }
    control.drop_database(id).await?;
    let now = control.clock.now();
    let mut tx = control.db.begin().await?;
    key::store::forget(&mut tx, id, now).await?;
    work::any_bury(&mut tx, id, now).await?;
    applications::set_step(&mut tx, id, steps::DELETE, StepStatus::Done, None, now).await?;
    tx.changed(Change::Application(id), now).await?;
    tx.changed(Change::Origins, now).await?;
    control.record(&mut tx, None, Entry::new("application.remove", ("application", id, &work.name)).tenant(work.tenant_id)).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// It stays as it is, with its keys stopped, until an operator starts the job again.
pub(in super::super) async fn given_up(control: &Control, tx: &mut Tx, job: &Job, error: &str) -> Result<()> {
    let Ok(id) = application(job) else { return Ok(()) };
    let now = control.clock.now();
    applications::fail_open_step(tx, id, steps::DELETE, error, now).await?;
    work::any_set_status(tx, id, ApplicationStatus::Deleting, ApplicationStatus::Deleting, Some(error), now).await?;
    Ok(())
}
