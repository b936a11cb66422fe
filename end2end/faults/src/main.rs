//! `faults SCENARIO [--rounds N | --full]` breaks a real `mintreu` on purpose, round after round,
//! and says what it found; the exit code is 1 when something did not hold. A scenario is a file in
//! `scenario/` and a line in [`Scenario::run`].

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a program for developers, which may end at once")]

mod report;
mod scenario;
mod scene;

use std::{
    iter,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Parser, ValueEnum};

use crate::{
    report::Report,
    scenario::{clients, commit, database, disk, flood, kill, provisioning, replicas, rolling},
};

#[derive(Parser)]
struct Cli {
    scenario: Scenario,
    /// How often each thing is broken, on each engine; each scenario has its own few by default.
    #[arg(long)]
    rounds: Option<u32>,
    /// As often and as long as the figures that are promised.
    #[arg(long)]
    full: bool,
    /// How long the database is away, and slow clients are there.
    #[arg(long)]
    seconds: Option<u32>,
    /// Platforms that are broken at the same time, in `provisioning` and `commit`.
    #[arg(long, default_value_t = 4)]
    lanes: u32,
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// The program under test; by default the optimised one, else that of the last debug build.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Shows what the program says.
    #[arg(long)]
    loud: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Every scenario, one after the other.
    All,
    /// kill -9 while applications are made and deleted.
    Provisioning,
    /// kill -9 under load: what was delivered is billed, and once.
    Kill,
    /// SIGTERM under load, with two replicas where there is PostgreSQL: no call fails.
    Rolling,
    /// Redis dies while two replicas admit calls: the quota is exact, no call fails.
    Replicas,
    /// The connection to PostgreSQL is cut within COMMIT: the sums are exact.
    Commit,
    /// PostgreSQL goes away, or freezes, and comes back: known keys are served, the sums are exact.
    Database,
    /// The disk of the journal is full: calls are refused or counted. Needs root.
    Disk,
    /// Clients that leave at any moment, and a thousand slow ones.
    Clients,
    /// A flood of log-ins and pages beside calls.
    Flood,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

/// What is asked of a scenario.
struct Wish<'a> {
    program: &'a Path,
    postgres: bool,
    rounds: Option<u32>,
    seconds: Option<u32>,
    full: bool,
    lanes: u32,
    quiet: bool,
}

impl Wish<'_> {
    fn rounds(&self, few: u32, full: u32) -> u32 {
        self.rounds.unwrap_or(if self.full { full } else { few })
    }

    fn seconds(&self, few: u32, full: u32) -> u32 {
        self.seconds.unwrap_or(if self.full { full } else { few })
    }
}

impl Scenario {
    fn all(self) -> Vec<Self> {
        if self == Self::All { Self::value_variants().iter().copied().filter(|one| *one != Self::All).collect() } else { vec![self] }
    }

    /// Some break only what one engine has, or what is the same on both.
    fn has(self, engine: Engine) -> bool {
        match self {
            Self::All | Self::Provisioning | Self::Kill | Self::Rolling => true,
            Self::Replicas | Self::Commit | Self::Database => engine == Engine::Postgres,
            Self::Disk | Self::Clients | Self::Flood => engine == Engine::Sqlite,
        }
    }

    async fn run(self, wish: &Wish<'_>) -> Report {
        match self {
            Self::All => Report::default(),
            Self::Provisioning => provisioning::run(wish).await,
            Self::Kill => kill::run(wish).await,
            Self::Rolling if wish.postgres => rolling::two_replicas(wish).await,
            Self::Rolling => rolling::alone(wish).await,
            Self::Replicas => replicas::run(wish).await,
            Self::Commit => commit::run(wish).await,
            Self::Database => database::run(wish).await,
            Self::Disk => disk::run(wish).await,
            Self::Clients => clients::run(wish).await,
            Self::Flood => flood::run(wish),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(program) = cli.program.and_then(|program| std::path::absolute(program).ok()).or_else(built) else {
        eprintln!("faults: no mintreu was built: run make build, or name one by --program");
        return ExitCode::from(2);
    };
    let mut files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    files.current = files.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, files).unwrap();
    println!("Breaking {}", program.display());
    let mut holds = true;
    for scenario in cli.scenario.all() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            if !scenario.has(engine) || cli.engine.is_some_and(|wanted| wanted != engine) {
                continue;
            }
            let postgres = engine == Engine::Postgres;
            let (program, quiet) = (&*program, !cli.loud);
            let wish = Wish { program, postgres, rounds: cli.rounds, seconds: cli.seconds, full: cli.full, lanes: cli.lanes.max(1), quiet };
            let began = Instant::now();
            // One that cannot go on does not keep the others.
            let report = Report::of(iter::once(scenario.run(&wish))).await;
            let name = format!("{scenario:?}").to_lowercase();
            let engine = if postgres { "PostgreSQL" } else { "SQLite" };
            println!("\n{name} on {engine}, {:.0} s\n{report}", began.elapsed().as_secs_f64());
            holds &= report.findings.is_empty();
        }
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Beside this program, which lies in `target/debug` or `target/release`.
fn built() -> Option<PathBuf> {
    let target = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    ["release", "debug"].map(|profile| target.join(profile).join("mintreu")).into_iter().find(|program| program.is_file())
}
