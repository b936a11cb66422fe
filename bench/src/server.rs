//! The servers that are compared: each is started on the same cores with the same number of
//! workers, in front of the same service.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::{
    load::Bench,
    platform,
    process::{self, Used},
};

const STARTS_WITHIN: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Mintreu,
    /// Another build of the same program.
    #[value(skip)]
    Other,
    NginxLua,
    Nginx,
    Haproxy,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mintreu => "mintreu",
            Self::Other => "mintreu, other build",
            Self::NginxLua => "nginx + Lua",
            Self::Nginx => "nginx, no policy",
            Self::Haproxy => "HAProxy, no policy",
        }
    }

    pub(crate) fn is_mintreu(self) -> bool {
        matches!(self, Self::Mintreu | Self::Other)
    }

    pub(crate) fn has_policy(self) -> bool {
        matches!(self, Self::Mintreu | Self::Other | Self::NginxLua)
    }
}

/// What all servers have in common.
pub(crate) struct Ground {
    pub(crate) folder: PathBuf,
    /// The program under test.
    pub(crate) mintreu: PathBuf,
    /// A build to compare it with, in place of the yardsticks without policy.
    pub(crate) other: Option<PathBuf>,
    pub(crate) keys: u64,
    /// Grants that the program may hold; none: its default.
    pub(crate) grant_cache: Option<u64>,
    pub(crate) cores: Vec<usize>,
    /// What the program under test is run by, such as a profiler.
    pub(crate) under: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first good answer.
    pub(crate) started_in: Duration,
    folder: PathBuf,
    child: Child,
}

impl Server {
    pub(crate) fn start(kind: Kind, ground: &Ground, bench: &mut Bench) -> Result<Self> {
        let address = free_address()?;
        let folder = ground.folder.join(format!("{kind:?}"));
        fs::create_dir_all(&folder)?;
        let command = match kind {
            Kind::Mintreu | Kind::Other => mintreu(ground, kind, &folder, address),
            Kind::NginxLua => {
                platform::write_lines(&folder.join("keys"), ground.keys)?;
                nginx(ground, &folder, address, bench, include_str!("../policy/nginx.conf"))?
            }
            Kind::Nginx => nginx(ground, &folder, address, bench, include_str!("../policy/plain.conf"))?,
            Kind::Haproxy => {
                let file = configure(ground, &folder, address, bench, include_str!("../policy/haproxy.cfg"))?;
                let mut command = pinned(ground, "/usr/sbin/haproxy");
                command.args(["-db", "-q", "-f"]).arg(file);
                command
            }
        };
        launch(kind, command, folder, address, bench)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn used(&self) -> Result<Used> {
        process::used(self.child.id())
    }

    pub(crate) fn memory(&self) -> Result<f64> {
        process::memory(self.child.id())
    }

    /// Waits until what the server does after its answers is done: ours sums usage up for its
    /// database, and that work counts.
    pub(crate) fn settle(&self, bench: &mut Bench) -> Result<()> {
        bench.wait(Duration::from_millis(100))?;
        if !self.kind.is_mintreu() {
            return Ok(());
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            let metrics = bench.ask(self.address, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
            let text = String::from_utf8_lossy(&metrics);
            let backlog = text.lines().find_map(|line| line.strip_prefix("mintreu_gateway_usage_backlog "));
            if backlog == Some("0") {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("usage is not handed over: {backlog:?} records wait");
            }
            bench.wait(Duration::from_millis(100))?;
        }
    }

    /// Usage records that have reached their place.
    pub(crate) async fn recorded(&self) -> Result<Option<u64>> {
        match self.kind {
            Kind::Mintreu | Kind::Other => platform::recorded(&self.folder.join("platform.sqlite3")).await.map(Some),
            Kind::NginxLua => {
                let log = fs::read(self.folder.join("usage.log"))?;
                let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                Ok(Some(u64::try_from(lines.count())?))
            }
            Kind::Nginx | Kind::Haproxy => Ok(None),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        if stopped.is_none_or(|outcome| outcome.is_err()) {
            // It has ended by itself.
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}

/// Fills the platform's database, once for all starts.
pub(crate) fn prepare(kind: Kind, ground: &Ground, bench: &Bench) -> Result<()> {
    let folder = ground.folder.join(format!("{kind:?}"));
    fs::create_dir_all(&folder)?;
    let migrated = program(ground, kind).arg("migrate").env("MINTREU_DATA_DIR", &folder).stderr(Stdio::null()).status()?;
    if !migrated.success() {
        bail!("mintreu migrate failed");
    }
    let upstream = bench.address()?.port();
    runtime()?.block_on(platform::fill(&folder.join("platform.sqlite3"), ground.keys, upstream))
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A command on the servers' cores.
fn pinned(ground: &Ground, program: &str) -> Command {
    let cores: Vec<String> = ground.cores.iter().map(usize::to_string).collect();
    let mut command = Command::new("taskset");
    command.args(["-c", &cores.join(","), program]);
    command
}

/// The program under test, with nothing of our own environment that could configure it.
fn program(ground: &Ground, kind: Kind) -> Command {
    let path = ground.other.as_ref().filter(|_| kind == Kind::Other).unwrap_or(&ground.mintreu);
    let words: Vec<String> = ground.under.iter().cloned().chain([path.to_string_lossy().into_owned()]).collect();
    let (first, rest) = words.split_first().map_or((String::new(), Vec::new()), |(first, rest)| (first.clone(), rest.to_vec()));
    let mut command = pinned(ground, &first);
    command.args(rest);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MINTREU_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command
}

fn mintreu(ground: &Ground, kind: Kind, folder: &Path, address: SocketAddr) -> Command {
    let mut command = program(ground, kind);
    command.arg("serve").env("MINTREU_DATA_DIR", folder).env("MINTREU_BIND", address.to_string());
    if let Some(entries) = ground.grant_cache {
        command.env("MINTREU_GRANT_CACHE", entries.to_string());
    }
    command
}

fn nginx(ground: &Ground, folder: &Path, address: SocketAddr, bench: &Bench, template: &str) -> Result<Command> {
    let file = configure(ground, folder, address, bench, template)?;
    let mut command = pinned(ground, "/usr/sbin/nginx");
    command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(file);
    Ok(command)
}

fn configure(ground: &Ground, folder: &Path, address: SocketAddr, bench: &Bench, template: &str) -> Result<PathBuf> {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy");
    let text = template
        .replace("{{folder}}", &folder.to_string_lossy())
        .replace("{{policy}}", &policy.to_string_lossy())
        .replace("{{port}}", &address.port().to_string())
        .replace("{{upstream}}", &bench.address()?.port().to_string())
        .replace("{{workers}}", &ground.cores.len().to_string())
        .replace("{{keys_mib}}", &(16 + ground.keys * 512 / (1 << 20)).to_string())
        .replace("{{limits_mib}}", &(16 + ground.keys * 128 / (1 << 20)).to_string());
    let file = folder.join("configuration");
    fs::write(&file, text)?;
    Ok(file)
}

fn launch(kind: Kind, mut command: Command, folder: PathBuf, address: SocketAddr, bench: &mut Bench) -> Result<Server> {
    let log = folder.join("output.log");
    let output = File::create(&log)?;
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn().context("taskset")?;
    let mut server = Server { kind, address, started_in: Duration::ZERO, folder, child };
    let path = if kind.is_mintreu() { "/readyz" } else { "/products/bench/v1/products" };
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    loop {
        if let Some(status) = server.child.try_wait()? {
            bail!("{} ended with {status}:\n{}", kind.name(), fs::read_to_string(&log)?);
        }
        // Without a credential the policy answers 401, which is as good a sign of life.
        if bench
            .ask(address, request.as_bytes())
            .is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.1 401"))
        {
            server.started_in = began.elapsed();
            return Ok(server);
        }
        if began.elapsed() > STARTS_WITHIN {
            bail!("{} does not start", kind.name());
        }
        bench.wait(Duration::from_millis(2))?;
    }
}
