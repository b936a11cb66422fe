//! `make bench`: ours takes turns with each of the others in short rounds, in random order, so that what
//! the machine does meanwhile meets both alike. Ratios are taken within a round. The two have the machine
//! for themselves: keys that are called are called again soon, as under load that goes on.

use std::{collections::HashMap, io::Write, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{
    http::Requests,
    keys::Key,
    load::{Bench, Pace},
    parity,
    server::{self, Ground, Kind, Server},
    statistic::{Summary, quantile},
};

pub(crate) const PATH: &str = "/products/bench/v1/orders/4711";
/// Long enough for any sweep over all keys.
pub(crate) const SWEEP: Duration = Duration::from_mins(30);
/// So many rounds for one at the fixed rate.
const ROUNDS_FOR_ONE: usize = 3;
const OPEN_RATE: u32 = 2_000;
/// The service behind the servers, without any of them.
const DIRECT: &str = "direct";

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) connections: usize,
    pub(crate) time: Duration,
}

/// What each round gave, in the order of rounds.
#[derive(Default)]
pub(crate) struct Series {
    /// Microseconds of CPU for each answer.
    pub(crate) cpu: Vec<f64>,
    pub(crate) gateway: Vec<f64>,
    pub(crate) rate: Vec<f64>,
    answers: u64,
}

/// The same of calls at the fixed rate, from when each was due.
#[derive(Default)]
struct Waits {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// Ours beside one of the others.
struct Pair<'a> {
    other: &'a Server,
    ours: Series,
    theirs: Series,
}

pub(crate) fn run(ground: &Ground, options: &Options, out: &mut impl Write) -> Result<()> {
    let mut bench = Bench::new()?;
    let kinds: &[Kind] = match ground.other {
        None => &[Kind::Mintreu, Kind::NginxLua, Kind::Nginx, Kind::Haproxy],
        Some(_) => &[Kind::Mintreu, Kind::Other, Kind::NginxLua],
    };
    writeln!(out, "Filling a platform with {} keys …", ground.keys)?;
    for kind in kinds.iter().filter(|kind| kind.is_mintreu()) {
        server::prepare(*kind, ground, &bench)?;
    }
    let mut requests = Requests::new(PATH, (0..ground.keys).map(Key::wide))?;
    let servers = kinds.iter().map(|kind| Server::start(*kind, ground, &mut bench)).collect::<Result<Vec<_>>>()?;
    for server in servers.iter().filter(|server| server.kind.has_policy()) {
        parity::check(server, &mut bench)?;
    }
    writeln!(out, "The gateway and nginx + Lua refuse alike. Calling every key once …")?;
    for server in &servers {
        let mut clients = bench.connect(server.address, options.connections)?;
        bench.run(&mut clients, &mut requests, Pace::Sweep, SWEEP)?;
        drop(clients);
        server.settle(&mut bench)?;
    }
    let before = records(&servers)?;
    let mut answers: HashMap<&str, u64> = HashMap::new();
    let (ours, others) = servers.split_first().context("no server")?;
    let mut pairs = Vec::new();
    for other in others {
        writeln!(out, "{} rounds beside {} …", options.rounds, other.kind.name())?;
        let mut pair = Pair { other, ours: Series::default(), theirs: Series::default() };
        for _ in 0..options.rounds {
            let mut turns = [(ours, &mut pair.ours), (other, &mut pair.theirs)];
            fastrand::shuffle(&mut turns);
            for (server, series) in turns {
                closed(server, &mut bench, &mut requests, options, series)?;
            }
        }
        *answers.entry(ours.kind.name()).or_default() += pair.ours.answers;
        *answers.entry(other.kind.name()).or_default() += pair.theirs.answers;
        pairs.push(pair);
    }
    writeln!(out, "Rounds at {OPEN_RATE} calls a second …")?;
    let mut waits: HashMap<&str, Waits> = HashMap::new();
    let mut order: Vec<Option<&Server>> = servers.iter().map(Some).chain([None]).collect();
    for _ in 0..options.rounds.div_ceil(ROUNDS_FOR_ONE) {
        fastrand::shuffle(&mut order);
        for server in &order {
            let (name, address) = match server {
                Some(server) => (server.kind.name(), server.address),
                None => (DIRECT, bench.address()?),
            };
            *answers.entry(name).or_default() += open(address, &mut bench, &mut requests, options, waits.entry(name).or_default())?;
            if let Some(server) = server {
                server.settle(&mut bench)?;
            }
        }
    }
    let after = records(&servers)?;
    for ((server, before), after) in servers.iter().zip(before).zip(after) {
        let name = server.kind.name();
        let answers = answers.get(name).copied().unwrap_or(0);
        if let (Some(before), Some(after)) = (before, after) {
            ensure!(after - before == answers, "{name} answered {answers} calls and recorded {}", after - before);
            writeln!(out, "{name}: {answers} answers, {} usage records", after - before)?;
        }
    }
    report(ours, &pairs, &waits, out)
}

/// Calls a server again and again, for somebody who watches it.
pub(crate) fn load(kind: Kind, ground: &Ground, options: &Options, out: &mut impl Write) -> Result<()> {
    let mut bench = Bench::new()?;
    if kind.is_mintreu() {
        server::prepare(kind, ground, &bench)?;
    }
    let mut requests = Requests::new(PATH, (0..ground.keys).map(Key::wide))?;
    let server = Server::start(kind, ground, &mut bench)?;
    writeln!(out, "process {}", server.pid())?;
    let mut clients = bench.connect(server.address, options.connections)?;
    for _ in 0..options.rounds {
        let run = bench.run(&mut clients, &mut requests, Pace::Closed, options.time)?;
        writeln!(out, "{:.0} requests/s", f64::from(run.answers) / run.took.as_secs_f64())?;
    }
    Ok(())
}

fn records(servers: &[Server]) -> Result<Vec<Option<u64>>> {
    let runtime = server::runtime()?;
    servers.iter().map(|server| runtime.block_on(server.recorded())).collect()
}

/// As many calls as the server takes.
pub(crate) fn closed(server: &Server, bench: &mut Bench, requests: &mut Requests, options: &Options, series: &mut Series) -> Result<()> {
    let mut clients = bench.connect(server.address, options.connections)?;
    let before = server.used()?;
    let run = bench.run(&mut clients, requests, Pace::Closed, options.time).with_context(|| server.kind.name())?;
    server.settle(bench)?;
    let used = server.used()?.since(before);
    let answers = f64::from(run.answers);
    series.cpu.push(used.cpu.as_secs_f64() * 1e6 / answers);
    series.gateway.push(used.gateway.as_secs_f64() * 1e6 / answers);
    series.rate.push(answers / run.took.as_secs_f64());
    series.answers += u64::from(run.answers);
    drop(clients);
    // Time to notice that the connections are gone.
    bench.wait(Duration::from_millis(50))
}

/// Calls at a fixed rate, each timed from when it was due. Gives how many were answered.
fn open(address: SocketAddr, bench: &mut Bench, requests: &mut Requests, options: &Options, waits: &mut Waits) -> Result<u64> {
    let mut clients = bench.connect(address, options.connections)?;
    let run = bench.run(&mut clients, requests, Pace::Open(OPEN_RATE), options.time)?;
    waits.p50.push(quantile(&run.waits, 50));
    waits.p99.push(quantile(&run.waits, 99));
    drop(clients);
    bench.wait(Duration::from_millis(50))?;
    Ok(u64::from(run.answers))
}

impl Waits {
    fn added(&self, direct: &Self, percentile: impl Fn(&Self) -> &Vec<f64>) -> Vec<f64> {
        percentile(self).iter().zip(percentile(direct)).map(|(with, without)| with - without).collect()
    }
}

fn report(ours: &Server, pairs: &[Pair<'_>], waits: &HashMap<&str, Waits>, out: &mut impl Write) -> Result<()> {
    let of = |name: &str| waits.get(name).context("a server was not measured");
    let direct = of(DIRECT)?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    writeln!(out, "\nMedians with quartiles; load average {}", load.trim())?;
    writeln!(
        out,
        "{:24}{:>26}{:>26}{:>28}{:>28}{:>10}",
        "", "CPU µs/request", "requests/s", "added p50 µs at 2000/s", "added p99 µs at 2000/s", "MiB"
    )?;
    let summary = |values: &[f64]| Summary::of(values.iter().copied()).to_string();
    let beside_first = pairs.first().map(|pair| (ours, &pair.ours));
    for (server, series) in beside_first.into_iter().chain(pairs.iter().map(|pair| (pair.other, &pair.theirs))) {
        let waits = of(server.kind.name())?;
        writeln!(
            out,
            "{:24}{:>26}{:>26}{:>28}{:>28}{:>10.0}",
            server.kind.name(),
            summary(&series.cpu),
            summary(&series.rate),
            summary(&waits.added(direct, |waits| &waits.p50)),
            summary(&waits.added(direct, |waits| &waits.p99)),
            server.memory()?
        )?;
        if server.kind.is_mintreu() {
            writeln!(out, "{:24}{:>26}", "  gateway threads", summary(&series.gateway))?;
        }
    }
    writeln!(out, "direct: p50 {} µs, p99 {} µs", summary(&direct.p50), summary(&direct.p99))?;
    writeln!(
        out,
        "\n{:28}{:>22}{:>22}{:>22}{:>22}{:>22}",
        "mintreu /", "CPU", "gateway threads' CPU", "requests/s", "added p50", "added p99"
    )?;
    for Pair { other, ours: beside, theirs } in pairs {
        let name = other.kind.name();
        let whole = if other.kind == Kind::Other { &theirs.gateway } else { &theirs.cpu };
        let (our_waits, their_waits) = (of(ours.kind.name())?, of(name)?);
        let added = |percentile: fn(&Waits) -> &Vec<f64>| {
            Summary::ratio(&our_waits.added(direct, percentile), &their_waits.added(direct, percentile)).to_string()
        };
        writeln!(
            out,
            "{name:28}{:>22}{:>22}{:>22}{:>22}{:>22}",
            Summary::ratio(&beside.cpu, &theirs.cpu).to_string(),
            Summary::ratio(&beside.gateway, whole).to_string(),
            Summary::ratio(&beside.rate, &theirs.rate).to_string(),
            added(|waits| &waits.p50),
            added(|waits| &waits.p99)
        )?;
    }
    Ok(())
}
