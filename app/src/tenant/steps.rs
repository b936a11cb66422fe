//! The timeline of an application as people read it. The page and the stream of events both make
//! it here, so that what arrives live looks like what was there at first.

use chrono::TimeDelta;
use mintreu_model::{
    status::{ApplicationStatus, StepStatus},
    view::TimelineView,
};

use crate::components::timeline::TimelineStep;

/// The steps with how long each took.
#[must_use]
pub fn steps(timeline: &TimelineView) -> Vec<TimelineStep> {
    timeline
        .steps
        .iter()
        .map(|step| TimelineStep {
            status: step.status,
            label: step.title.clone(),
            elapsed: step.started_at.zip(step.finished_at).map(|(began, ended)| elapsed(ended - began)),
            detail: step.detail.clone(),
        })
        .collect()
}

/// Whether a page follows the stream of events: as long as there is something to wait for, and when the
/// rest of the page was read before the timeline and shows a state that is over.
#[must_use]
pub fn follows(shown: ApplicationStatus, timeline: &TimelineView) -> bool {
    is_moving(timeline) || shown != timeline.status
}

/// Whether there is something to wait for: the stream of events ends when there is not.
#[must_use]
pub fn is_moving(timeline: &TimelineView) -> bool {
    let at_work = timeline.steps.iter().any(|step| matches!(step.status, StepStatus::Running | StepStatus::Pending));
    at_work && matches!(timeline.status, ApplicationStatus::Provisioning | ApplicationStatus::Active)
}

/// How long all of it took, once nothing is running or waiting.
#[must_use]
pub fn total(timeline: &TimelineView) -> Option<String> {
    if timeline.steps.iter().any(|step| matches!(step.status, StepStatus::Running | StepStatus::Pending)) {
        return None;
    }
    let began = timeline.steps.iter().filter_map(|step| step.started_at).min()?;
    let ended = timeline.steps.iter().filter_map(|step| step.finished_at).max()?;
    Some(elapsed(ended - began))
}

/// “1.8 s”, “48 s”, “3 min 5 s”.
#[must_use]
pub fn elapsed(length: TimeDelta) -> String {
    let tenths = (length.num_milliseconds().max(0) + 50) / 100;
    match tenths / 10 {
        seconds @ 0..=9 => format!("{seconds}.{} s", tenths % 10),
        seconds @ 10..=59 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_read_a_moment_too_early_is_told_of_the_end() {
        let timeline = TimelineView { status: ApplicationStatus::Active, status_reason: None, steps: Vec::new() };
        assert!(follows(ApplicationStatus::Provisioning, &timeline));
        assert!(!follows(ApplicationStatus::Active, &timeline));
    }

    #[test]
    fn lengths_are_as_exact_as_they_are_short() {
        let said = [20, 1_840, 48_200, 185_000].map(|millis| elapsed(TimeDelta::milliseconds(millis)));
        assert_eq!(said, ["0.0 s", "1.8 s", "48 s", "3 min 5 s"]);
    }
}
