//! What a scenario found, as a table.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// Rounds by what they met, with how they ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: BTreeMap<String, Row>,
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
    pub(crate) fn round(&mut self, met: &str, end: &str, took: Duration) {
        let row = self.rows.entry(met.to_owned()).or_default();
        row.rounds += 1;
        *row.ends.entry(end.to_owned()).or_default() += 1;
        row.slowest = row.slowest.max(took);
    }

    pub(crate) fn found(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (met, row) in other.rows {
            let sum = self.rows.entry(met).or_default();
            sum.rounds += row.rounds;
            sum.slowest = sum.slowest.max(row.slowest);
            for (end, times) in row.ends {
                *sum.ends.entry(end).or_default() += times;
            }
        }
        self.findings.extend(other.findings);
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28} {:>6} {:>9}  ended as", "killed at", "rounds", "slowest")?;
        let mut all = 0;
        for (met, row) in &self.rows {
            let ends: Vec<_> = row.ends.iter().map(|(end, times)| format!("{end} {times}")).collect();
            writeln!(f, "{met:<28} {:>6} {:>7.1} s  {}", row.rounds, row.slowest.as_secs_f64(), ends.join(", "))?;
            all += row.rounds;
        }
        writeln!(f, "{:<28} {all:>6}", "all")?;
        for finding in &self.findings {
            writeln!(f, "VIOLATION: {finding}")?;
        }
        write!(f, "{} violations", self.findings.len())
    }
}
