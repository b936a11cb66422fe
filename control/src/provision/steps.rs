//! The steps that a person watches. What is planned when an application is made, and what later
//! work adds below it.

use chrono::{DateTime, Utc};
use mintreu_model::{id::ApplicationId, status::StepStatus};

use crate::{
    Control, Result,
    application::store::{Ground, NewStep, set_step},
};

pub(crate) const PLAN: &str = "plan";
pub(crate) const DATABASE: &str = "database";
pub(crate) const SERVICE: &str = "service";
pub(crate) const KEYS: &str = "keys";
pub(crate) const READY: &str = "ready";
/// Later work, below the making.
pub(crate) const CONFIGURE: &str = "config";
pub(crate) const CHANGE_PLAN: &str = "plan_change";
pub(crate) const DELETE: &str = "delete";

/// The steps of making an application of this product.
pub(crate) fn plan(ground: &Ground) -> Vec<NewStep<'static>> {
    [
        Some((PLAN, "Check the plan")),
        ground.wants_database().then_some((DATABASE, "Create its database")),
        (ground.lifecycle == Some(true)).then_some((SERVICE, "Set it up in the service")),
        Some((KEYS, "Make its first key")),
        Some((READY, "Ready for calls")),
    ]
    .into_iter()
    .flatten()
    .zip(1..)
    .map(|((step, title), position)| NewStep { step, position, title })
    .collect()
}

pub(crate) const fn configure() -> NewStep<'static> {
    NewStep { step: CONFIGURE, position: 10, title: "Apply the configuration" }
}

pub(crate) const fn change_plan() -> NewStep<'static> {
    NewStep { step: CHANGE_PLAN, position: 11, title: "Move to the new plan" }
}

pub(crate) const fn delete() -> NewStep<'static> {
    NewStep { step: DELETE, position: 20, title: "Delete its data" }
}

impl Control {
    /// Moves a step on in a transaction of its own, and wakes who watches.
    pub(crate) async fn step(&self, id: ApplicationId, step: &str, status: StepStatus, detail: Option<&str>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        set_step(&mut tx, id, step, status, detail, self.clock.now()).await?;
        tx.commit().await?;
        self.told_of(id);
        Ok(())
    }
}

/// A time for people, in the timeline.
pub(crate) fn clock_time(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S UTC").to_string()
}
