//! What a scenario found.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    panic::AssertUnwindSafe,
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use mintreu_faults::{books::Books, load::Tally};

/// Rounds by what they met, with how they ended, what was measured, and what did not hold.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: BTreeMap<String, Row>,
    lines: Vec<String>,
    /// What did not hold.
    pub(crate) findings: Vec<String>,
}

#[derive(Debug, Default)]
struct Row {
    rounds: u32,
    ends: BTreeMap<String, u32>,
    slowest: Duration,
}

impl Report {
    /// Of lanes that run at the same time.
    pub(crate) async fn of(lanes: impl Iterator<Item = impl Future<Output = Self>>) -> Self {
        let mut report = Self::default();
        for lane in join_all(lanes.map(|lane| AssertUnwindSafe(lane).catch_unwind())).await {
            match lane {
                Ok(part) => report.merge(part),
                Err(_) => report.found("it panicked"),
            }
        }
        report
    }

    pub(crate) fn round(&mut self, met: &str, end: &str, took: Duration) {
        let row = self.rows.entry(met.to_owned()).or_default();
        row.rounds += 1;
        *row.ends.entry(end.to_owned()).or_default() += 1;
        row.slowest = row.slowest.max(took);
    }

    /// A line for whoever reads it.
    pub(crate) fn saw(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    pub(crate) fn found(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    /// What does not hold is found.
    pub(crate) fn demand(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.found(otherwise());
        }
    }

    /// What was delivered is billed, and nothing twice: a call that was sent and not answered may
    /// be billed or not.
    pub(crate) fn audit(&mut self, tally: &Tally, books: Books) {
        let Books { quotas, usage } = books;
        let (delivered, attempted) = (tally.delivered(), tally.attempted);
        self.demand(delivered <= quotas, || format!("{} of {delivered} delivered calls are not billed", delivered - quotas));
        self.demand(quotas <= attempted, || format!("{quotas} calls are billed and only {attempted} were attempted"));
        self.demand(quotas == usage, || format!("{quotas} units of quotas are used, and usage shows {usage} calls"));
        self.demand(tally.mixed_up == 0, || format!("{} calls got the answer of another", tally.mixed_up));
    }

    fn merge(&mut self, other: Self) {
        for (met, row) in other.rows {
            let sum = self.rows.entry(met).or_default();
            sum.rounds += row.rounds;
            sum.slowest = sum.slowest.max(row.slowest);
            for (end, times) in row.ends {
                *sum.ends.entry(end).or_default() += times;
            }
        }
        self.lines.extend(other.lines);
        self.findings.extend(other.findings);
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            writeln!(f, "{:<28} {:>6} {:>9}  ended as", "broken at", "rounds", "slowest")?;
            let mut all = 0;
            for (met, row) in &self.rows {
                let ends: Vec<_> = row.ends.iter().map(|(end, times)| format!("{end} {times}")).collect();
                writeln!(f, "{met:<28} {:>6} {:>7.1} s  {}", row.rounds, row.slowest.as_secs_f64(), ends.join(", "))?;
                all += row.rounds;
            }
            writeln!(f, "{:<28} {all:>6}", "all")?;
        }
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        for finding in &self.findings {
            writeln!(f, "VIOLATION: {finding}")?;
        }
        write!(f, "{} violations", self.findings.len())
    }
}
