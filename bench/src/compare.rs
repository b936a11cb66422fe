//! `make bench`: short rounds of every server, interleaved in random order, so that what the
//! machine does meanwhile meets all of them alike. Ratios are taken within a round. The servers with
//! the policy go first, beside nobody else: keys that are called are called again soon, as under load
//! that goes on.

use std::{collections::HashMap, io::Write, time::Duration};

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
/// So many rounds for one beside the proxies without policy.
const ROUNDS_FOR_ONE: usize = 3;
const OPEN_RATE: u32 = 2_000;

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
    p50: Vec<f64>,
    p99: Vec<f64>,
    answers: u64,
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
    let mut all: HashMap<&str, Series> = HashMap::new();
    for server in &servers {
        let mut clients = bench.connect(server.address, options.connections)?;
        all.entry(server.kind.name()).or_default().answers +=
            u64::from(bench.run(&mut clients, &mut requests, Pace::Sweep, SWEEP)?.answers);
        drop(clients);
        server.settle(&mut bench)?;
    }
    let before = records(&servers)?;
    let answered: Vec<u64> = servers.iter().map(|server| all.get(server.kind.name()).map_or(0, |series| series.answers)).collect();
    writeln!(out, "{} rounds …", options.rounds)?;
    let (mut peers, floors): (Vec<&Server>, Vec<&Server>) = servers.iter().partition(|server| server.kind.has_policy());
    for _ in 0..options.rounds {
        fastrand::shuffle(&mut peers);
        for server in &peers {
            closed(server, &mut bench, &mut requests, options, all.entry(server.kind.name()).or_default())?;
        }
    }
    let mut beside_floors = Series::default();
    let mut order: Vec<&Server> = servers.iter().filter(|server| server.kind == Kind::Mintreu).chain(floors).collect();
    for _ in 0..options.rounds.div_ceil(ROUNDS_FOR_ONE) {
        fastrand::shuffle(&mut order);
        for server in &order {
            let ours = server.kind == Kind::Mintreu;
            let series = if ours { &mut beside_floors } else { all.entry(server.kind.name()).or_default() };
            closed(server, &mut bench, &mut requests, options, series)?;
        }
    }
    let mut order: Vec<&Server> = servers.iter().collect();
    for _ in 0..options.rounds.div_ceil(ROUNDS_FOR_ONE) {
        fastrand::shuffle(&mut order);
        let direct = fastrand::usize(..=order.len());
        for place in 0..=order.len() {
            if place == direct {
                let address = bench.address()?;
                open(address, &mut bench, &mut requests, options, all.entry("direct").or_default())?;
            }
            if let Some(server) = order.get(place) {
                open(server.address, &mut bench, &mut requests, options, all.entry(server.kind.name()).or_default())?;
                server.settle(&mut bench)?;
            }
        }
    }
    let after = records(&servers)?;
    for (((server, before), after), answered) in servers.iter().zip(before).zip(after).zip(answered) {
        let beside = if server.kind == Kind::Mintreu { beside_floors.answers } else { 0 };
        let answers = all.get(server.kind.name()).map_or(0, |series| series.answers) + beside - answered;
        if let (Some(before), Some(after)) = (before, after) {
            let name = server.kind.name();
            ensure!(after - before == answers, "{name} answered {answers} calls and recorded {}", after - before);
            writeln!(out, "{name}: {answers} answers, {} usage records", after - before)?;
        }
    }
    report(&servers, &all, &beside_floors, out)
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

/// Calls at a fixed rate, each timed from when it was due.
fn open(address: std::net::SocketAddr, bench: &mut Bench, requests: &mut Requests, options: &Options, series: &mut Series) -> Result<()> {
    let mut clients = bench.connect(address, options.connections)?;
    let run = bench.run(&mut clients, requests, Pace::Open(OPEN_RATE), options.time)?;
    series.p50.push(quantile(&run.waits, 50));
    series.p99.push(quantile(&run.waits, 99));
    series.answers += u64::from(run.answers);
    drop(clients);
    bench.wait(Duration::from_millis(50))
}

impl Series {
    fn added(&self, direct: &Self, percentile: impl Fn(&Self) -> &Vec<f64>) -> Vec<f64> {
        percentile(self).iter().zip(percentile(direct)).map(|(with, without)| with - without).collect()
    }
}

fn report(servers: &[Server], all: &HashMap<&str, Series>, beside_floors: &Series, out: &mut impl Write) -> Result<()> {
    let of = |kind: Kind| all.get(kind.name()).context("a server was not measured");
    let direct = all.get("direct").context("the service was not measured")?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    writeln!(out, "\nMedians with quartiles; load average {}", load.trim())?;
    writeln!(
        out,
        "{:24}{:>26}{:>26}{:>28}{:>28}{:>10}",
        "", "CPU µs/request", "requests/s", "added p50 µs at 2000/s", "added p99 µs at 2000/s", "MiB"
    )?;
    for server in servers {
        let series = of(server.kind)?;
        let summary = |values: Vec<f64>| Summary::of(values).to_string();
        writeln!(
            out,
            "{:24}{:>26}{:>26}{:>28}{:>28}{:>10.0}",
            server.kind.name(),
            summary(series.cpu.clone()),
            summary(series.rate.clone()),
            summary(series.added(direct, |series| &series.p50)),
            summary(series.added(direct, |series| &series.p99)),
            server.memory()?
        )?;
        if server.kind.is_mintreu() {
            writeln!(out, "{:24}{:>26}", "  gateway threads", summary(series.gateway.clone()))?;
        }
    }
    let ours = of(Kind::Mintreu)?;
    writeln!(out, "direct: p50 {} µs, p99 {} µs", Summary::of(direct.p50.iter().copied()), Summary::of(direct.p99.iter().copied()))?;
    writeln!(
        out,
        "\n{:28}{:>22}{:>22}{:>22}{:>22}{:>22}",
        "mintreu /", "CPU", "gateway threads' CPU", "requests/s", "added p50", "added p99"
    )?;
    for kind in servers.iter().map(|server| server.kind).filter(|kind| *kind != Kind::Mintreu) {
        let theirs = of(kind)?;
        let (name, whole) = (kind.name(), if kind == Kind::Other { &theirs.gateway } else { &theirs.cpu });
        let beside = if kind.has_policy() { ours } else { beside_floors };
        let added =
            |percentile: fn(&Series) -> &Vec<f64>| Summary::ratio(&ours.added(direct, percentile), &theirs.added(direct, percentile));
        writeln!(
            out,
            "{:28}{:>22}{:>22}{:>22}{:>22}{:>22}",
            name,
            Summary::ratio(&beside.cpu, &theirs.cpu).to_string(),
            Summary::ratio(&beside.gateway, whole).to_string(),
            Summary::ratio(&beside.rate, &theirs.rate).to_string(),
            added(|series| &series.p50).to_string(),
            added(|series| &series.p99).to_string()
        )?;
    }
    Ok(())
}
