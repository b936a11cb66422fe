//! The command line of `mintreu`.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use mintreu::{
    admin,
    config::{Config, LogFormat},
    demo, doctor, journal, serve, telemetry, urgency,
};

/// A call to a service allocates some twenty times: `docs/BENCHMARKS.md` says what this brought.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Everything a company puts around its digital services to sell them.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// A TOML file; the environment (MINTREU_…) overrides it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves dashboard, admin panel, REST API and gateway, and runs jobs.
    Serve {
        /// Applies missing migrations first; always on for SQLite.
        #[arg(long)]
        migrate: bool,
    },
    /// Fills the data directory with a believable company, then serves.
    Demo,
    /// Applies migrations and exits.
    Migrate,
    /// Super admins.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// The gateway's usage journal.
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
    /// Checks configuration, database, mail, keys, clock and disk, and says what to do.
    Doctor,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Makes a super admin; the password comes from standard input or a prompt.
    Create {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "Administrator")]
        name: String,
    },
}

#[derive(Subcommand)]
enum JournalCommand {
    /// Counts what a lost replica's volume holds, once, and removes it.
    Import { directory: PathBuf },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(cli.config.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("mintreu: {error}");
            return ExitCode::from(2);
        }
    };
    telemetry::init(config.log.unwrap_or(if std::io::stderr().is_terminal() { LogFormat::Pretty } else { LogFormat::Json }));
    let nice = urgency::of_control();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().on_thread_start(move || urgency::give_way(nice)).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mintreu: no runtime could be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve { migrate } => serve::run(config, migrate).await,
            Command::Demo => demo::run(config).await,
            Command::Migrate => serve::migrate(config).await,
            Command::Admin { command: AdminCommand::Create { email, name } } => admin::create(config, &name, &email).await,
            Command::Journal { command: JournalCommand::Import { directory } } => journal::import(config, &directory).await,
            Command::Doctor => doctor::run(config).await,
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mintreu: {error}");
            ExitCode::FAILURE
        }
    }
}
