//! What a server's processes have used, from `/proc`: all of its threads, and its children.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    /// The part of threads whose name begins with `gateway-`.
    pub(crate) gateway: Duration,
}

impl Used {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(before.cpu), gateway: self.gateway.saturating_sub(before.gateway) }
    }
}

/// The fields of a `stat` file after the name, which may hold anything.
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace()
}

fn ticks(stat: &str) -> Duration {
    // utime and stime are the 14th and 15th field of the whole line.
    let ticks: u64 = fields(stat).skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}

/// The process and its children.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut found = vec![pid];
    for entry in fs::read_dir("/proc")? {
        let Ok(other) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{other}/stat")) else { continue };
        if fields(&stat).nth(1).and_then(|parent| parent.parse().ok()) == Some(pid) {
            found.push(other);
        }
    }
    Ok(found)
}

pub(crate) fn used(pid: u32) -> Result<Used> {
    let mut used = Used::default();
    for pid in family(pid)? {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a server has ended")?;
        used.cpu += ticks(&stat);
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else { continue };
            if stat.contains("(gateway-") {
                used.gateway += ticks(&stat);
            }
        }
    }
    Ok(used)
}

/// Resident memory in MiB; what the processes share is divided between them.
pub(crate) fn memory(pid: u32) -> Result<f64> {
    let mut kib = 0.0;
    for pid in family(pid)? {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("a server has ended")?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        kib += line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(kib / 1024.0)
}
