//! Measures the gateway beside nginx with the same policy. `docs/BENCHMARKS.md` says what is
//! compared and how to read it.

mod compare;
mod http;
mod keys;
mod load;
mod parity;
mod platform;
mod process;
mod scale;
mod server;
mod statistic;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use rustix::thread::CpuSet;

use crate::{
    compare::Options,
    server::{Ground, Kind},
};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The program under test.
    #[arg(long, global = true, default_value = "target/release/mintreu")]
    mintreu: PathBuf,
    /// Cores of each server, and its workers; the load has the last core to itself.
    #[arg(long, global = true, default_value_t = 1)]
    cores: usize,
    #[arg(long, global = true, default_value_t = 12)]
    rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, global = true, default_value_t = 5.0)]
    seconds: f64,
    #[arg(long, global = true, default_value_t = 32)]
    connections: usize,
    /// Grants that the program may hold in memory.
    #[arg(long, global = true)]
    grant_cache: Option<u64>,
}

#[derive(Subcommand)]
enum Command {
    /// CPU, throughput and added latency beside nginx + Lua, plain nginx and `HAProxy`.
    Compare {
        #[arg(long, default_value_t = 100_000)]
        keys: u64,
        /// Another build of the program, to judge a change by.
        #[arg(long)]
        other: Option<PathBuf>,
    },
    /// Keeps a server under load and measures nothing: something for a profiler to look at.
    Load {
        #[arg(long, value_enum, default_value_t = Kind::Mintreu)]
        server: Kind,
        #[arg(long, default_value_t = 1_000)]
        keys: u64,
        /// Command that runs the program, such as `valgrind --tool=callgrind`.
        #[arg(long, default_value = "")]
        under: String,
    },
    /// What a platform of 1 000, 100 000 and 1 000 000 keys costs.
    Scale,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let cores = take_last_core(cli.cores)?;
    let temporary = tempfile::Builder::new().prefix("mintreu-bench-").tempdir()?;
    let options = Options { rounds: cli.rounds, connections: cli.connections, time: Duration::from_secs_f64(cli.seconds) };
    let mintreu = cli.mintreu.canonicalize().with_context(|| format!("{}: run make build first", cli.mintreu.display()))?;
    let mut ground = Ground {
        folder: temporary.path().to_owned(),
        mintreu,
        other: None,
        keys: 0,
        grant_cache: cli.grant_cache,
        cores,
        under: Vec::new(),
    };
    let mut out = std::io::stdout();
    match cli.command {
        Command::Compare { keys, other } => {
            ground.keys = keys;
            ground.other = other.map(|path| path.canonicalize()).transpose()?;
            compare::run(&ground, &options, &mut out)
        }
        Command::Load { server, keys, under } => {
            ground.keys = keys;
            ground.under = under.split_whitespace().map(str::to_owned).collect();
            compare::load(server, &ground, &options, &mut out)
        }
        Command::Scale => scale::run(&ground, &options, &mut out),
    }
}

/// Pins this thread to the last core; gives the servers' cores.
fn take_last_core(count: usize) -> Result<Vec<usize>> {
    let mut ours = rustix::thread::sched_getaffinity(None)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| ours.is_set(*core)).collect();
    let last = *cores.last().context("no core")?;
    ours.clear();
    ours.set(last);
    rustix::thread::sched_setaffinity(None, &ours)?;
    Ok(cores.into_iter().take(count.max(1)).collect())
}
