//! `faults SCENARIO [--rounds N]` breaks a real `mintreu` on purpose, round after round, and says
//! what it found; the exit code is 1 when something did not hold. A scenario is a file in
//! `scenario/` and a line here.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a program for developers, which may end at once")]

mod report;
mod scenario;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};

use crate::{report::Report, scenario::provisioning};

#[derive(Parser)]
struct Cli {
    scenario: Scenario,
    /// How often each thing is broken, on each engine.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Platforms that are broken at the same time.
    #[arg(long, default_value_t = 8)]
    lanes: u32,
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// The program under test; by default the optimised one, else that of the last debug build.
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Every scenario, one after the other.
    All,
    /// kill -9 while applications are made and deleted.
    Provisioning,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(program) = cli.program.or_else(built) else {
        eprintln!("faults: no mintreu was built: run make build, or name one by --program");
        return ExitCode::from(2);
    };
    println!("Breaking {}", program.display());
    let mut holds = true;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if cli.engine.is_some_and(|wanted| wanted != engine) {
            continue;
        }
        let postgres = engine == Engine::Postgres;
        if matches!(cli.scenario, Scenario::All | Scenario::Provisioning) {
            holds &= show("provisioning", postgres, &provisioning::run(&program, postgres, cli.rounds, cli.lanes).await);
        }
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(scenario: &str, postgres: bool, report: &Report) -> bool {
    println!("\n{scenario} on {}\n{report}", if postgres { "PostgreSQL" } else { "SQLite" });
    report.findings.is_empty()
}

/// Beside this program, which lies in `target/debug` or `target/release`.
fn built() -> Option<PathBuf> {
    let target = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    ["release", "debug"].map(|profile| target.join(profile).join("mintreu")).into_iter().find(|program| program.is_file())
}
