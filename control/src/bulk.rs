//! The same action on many things. Each is done by itself, as if it were asked for alone: its own
//! transaction, its own entry in the audit log. What cannot be done is told with its reason and
//! does not keep the others from being done.

use mintreu_model::list::ListQuery;

use crate::{Result, chain};

/// What is acted on at most; the rest is left for another time.
pub const MOST: usize = 1000;

/// What to act on.
#[derive(Debug, Clone)]
pub enum Chosen<I> {
    /// These rows of a list.
    Rows(Vec<I>),
    /// All that the list holds with this filter.
    Matching(ListQuery),
}

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub name: String,
    pub reason: String,
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub done: usize,
    pub refused: Vec<Refused>,
    /// Not tried: beyond [`MOST`], or after a failure of the platform itself.
    pub left: usize,
}

/// Goes through what was chosen:
/// `while let Some(id) = tally.next() { if let Some(reason) = tally.note(act(id).await)? { … } }`.
#[derive(Debug)]
pub(crate) struct Tally<I> {
    waiting: std::vec::IntoIter<I>,
    report: Report,
}

impl<I> Tally<I> {
    pub(crate) fn of(mut chosen: Vec<I>) -> Self {
        let left = chosen.len().saturating_sub(MOST);
        chosen.truncate(MOST);
        Self { waiting: chosen.into_iter(), report: Report { left, ..Report::default() } }
    }

    pub(crate) fn next(&mut self) -> Option<I> {
        self.waiting.next()
    }

    /// Counts what was done; gives the reason of what was not. A failure of the platform ends it:
    /// nothing is gained by trying the others now.
    pub(crate) fn note<T>(&mut self, outcome: Result<T>) -> Result<Option<String>> {
        match outcome {
            Ok(_) => self.report.done += 1,
            Err(error) if error.problem().status < 500 => return Ok(Some(error.problem().detail)),
            Err(error) if self.report.done == 0 => return Err(error),
            Err(error) => {
                tracing::error!(error = chain(&error), "an action on many broke off");
                self.report.left += self.waiting.by_ref().count() + 1;
            }
        }
        Ok(None)
    }

    pub(crate) fn refuse(&mut self, name: String, reason: String) {
        self.report.refused.push(Refused { name, reason });
    }

    pub(crate) fn end(self) -> Report {
        self.report
    }
}
