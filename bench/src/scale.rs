//! `make bench-scale`: what more keys cost. Calls use the same thousand keys in every size, which
//! shows what the size alone costs, and then all keys alike, which is the worst case.

use std::{io::Write, time::Duration};

use anyhow::Result;

use crate::{
    compare::{Options, PATH, SWEEP, Series, closed},
    http::Requests,
    keys::Key,
    load::{Bench, Pace},
    server::{self, Ground, Kind, Server},
    statistic::Summary,
};

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
const ACTIVE: u64 = 1_000;

struct Size {
    keys: u64,
    started: Vec<f64>,
    servers: Vec<Server>,
    /// For each server: calls with a thousand keys, and with all of them.
    series: Vec<(Series, Series)>,
    memory: Vec<(f64, f64)>,
}

pub(crate) fn run(ground: &Ground, options: &Options, out: &mut impl Write) -> Result<()> {
    let mut bench = Bench::new()?;
    let mut sizes = Vec::new();
    for keys in SIZES {
        let ground = Ground {
            folder: ground.folder.join(keys.to_string()),
            mintreu: ground.mintreu.clone(),
            other: None,
            keys,
            grant_cache: ground.grant_cache,
            cores: ground.cores.clone(),
            under: Vec::new(),
        };
        writeln!(out, "Filling a platform with {keys} keys …")?;
        server::prepare(Kind::Mintreu, &ground, &bench)?;
        let kinds = [Kind::Mintreu, Kind::NginxLua];
        // The first start finds the files cold.
        let started = kinds
            .iter()
            .map(|kind| {
                (0..5).map(|_| Ok(Server::start(*kind, &ground, &mut bench)?.started_in.as_secs_f64() * 1e3)).collect::<Result<Vec<_>>>()
            })
            .collect::<Result<Vec<_>>>()?;
        let started = started.into_iter().map(|times| Summary::of(times).median).collect();
        let servers = kinds.iter().map(|kind| Server::start(*kind, &ground, &mut bench)).collect::<Result<Vec<_>>>()?;
        sizes.push(Size {
            keys,
            started,
            servers,
            series: vec![<(Series, Series)>::default(), <(Series, Series)>::default()],
            memory: Vec::new(),
        });
    }
    measure(&mut sizes, &mut bench, options, false, out)?;
    measure(&mut sizes, &mut bench, options, true, out)?;
    report(&sizes, out)
}

fn measure(sizes: &mut [Size], bench: &mut Bench, options: &Options, all: bool, out: &mut impl Write) -> Result<()> {
    let mut requests = sizes
        .iter()
        .map(|size| Requests::new(PATH, (0..if all { size.keys } else { ACTIVE }).map(Key::wide)))
        .collect::<Result<Vec<_>>>()?;
    for (size, requests) in sizes.iter_mut().zip(&mut requests) {
        for server in &size.servers {
            writeln!(out, "{}, {} keys: calling {} of them once …", server.kind.name(), size.keys, requests.count())?;
            bench.run(&mut bench.connect(server.address, options.connections)?, requests, Pace::Sweep, SWEEP)?;
            server.settle(bench)?;
        }
    }
    let mut order: Vec<(usize, usize)> = (0..sizes.len()).flat_map(|size| [(size, 0), (size, 1)]).collect();
    for _ in 0..options.rounds {
        fastrand::shuffle(&mut order);
        for (size, place) in &order {
            let (Some(size), Some(requests)) = (sizes.get_mut(*size), requests.get_mut(*size)) else { continue };
            let (Some(server), Some(series)) = (size.servers.get(*place), size.series.get_mut(*place)) else { continue };
            closed(server, bench, requests, options, if all { &mut series.1 } else { &mut series.0 })?;
        }
    }
    for size in sizes {
        let now = size.servers.iter().map(Server::memory).collect::<Result<Vec<_>>>()?;
        size.memory = if all {
            size.memory.iter().zip(now).map(|(few, all)| (few.0, all)).collect()
        } else {
            now.into_iter().map(|few| (few, 0.0)).collect()
        };
    }
    bench.wait(Duration::from_millis(100))
}

fn report(sizes: &[Size], out: &mut impl Write) -> Result<()> {
    writeln!(out, "\nMedians with quartiles; ratios to the smallest platform, round by round")?;
    writeln!(
        out,
        "{:14}{:>10}{:>14}{:>26}{:>22}{:>10}{:>26}{:>22}{:>10}",
        "", "keys", "start ms", "CPU µs, 1000 keys used", "ratio", "MiB", "CPU µs, all keys used", "ratio", "MiB"
    )?;
    for place in 0..2 {
        for size in sizes {
            let (Some(server), Some(series), Some(memory)) = (size.servers.get(place), size.series.get(place), size.memory.get(place))
            else {
                continue;
            };
            let Some(smallest) = sizes.first().and_then(|size| size.series.get(place)) else { continue };
            writeln!(
                out,
                "{:14}{:>10}{:>14.0}{:>26}{:>22}{:>10.0}{:>26}{:>22}{:>10.0}",
                server.kind.name(),
                size.keys,
                size.started.get(place).copied().unwrap_or_default(),
                Summary::of(series.0.cpu.iter().copied()).to_string(),
                Summary::ratio(&series.0.cpu, &smallest.0.cpu).to_string(),
                memory.0,
                Summary::of(series.1.cpu.iter().copied()).to_string(),
                Summary::ratio(&series.1.cpu, &smallest.1.cpu).to_string(),
                memory.1
            )?;
        }
    }
    Ok(())
}
