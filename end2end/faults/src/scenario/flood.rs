//! People flood the platform with log-ins and pages while programs call: by turns quiet and
//! flooded. The calls hardly notice.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use mintreu_faults::{
    load::Habit,
    platform::{PASSWORD, Place},
};
use serde_json::json;
use tokio::{
    runtime::{Builder, Handle},
    task::{JoinSet, block_in_place},
    time::sleep,
};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

/// 200 calls a second.
const LOAD: [(usize, Habit); 1] = [(20, Habit::Every(Duration::from_millis(100)))];
const LOG_INS: usize = 16;
const READERS: usize = 8;
const PAGES: [&str; 3] = ["/catalog", "/login", "/"];
const SETTLES: Duration = Duration::from_secs(1);
/// A hundredth of the calls of a period are enough to tell what the slowest wait.
const PERIOD: Duration = Duration::from_secs(6);
/// Of the quiet p99.
const BOUND: f64 = 2.0;

/// Callers, the service that they call and those who flood are on other machines in life: here the
/// callers have a thread that gets a core as soon as it wants one, and those who flood have what
/// nobody else wants.
pub(crate) fn run(wish: &Wish<'_>) -> Report {
    let people = Builder::new_multi_thread().worker_threads(2).enable_all().on_thread_start(|| _ = chrt("--idle", "0")).build().unwrap();
    let others = people.handle().clone();
    let report = block_in_place(|| {
        let measured = thread::scope(|scope| {
            let callers = scope.spawn(|| Builder::new_current_thread().enable_all().build().unwrap().block_on(measure(wish, &others)));
            callers.join()
        });
        measured.unwrap_or_else(|_| {
            let mut report = Report::default();
            report.found("it panicked");
            report
        })
    });
    people.shutdown_background();
    report
}

async fn measure(wish: &Wish<'_>, others: &Handle) -> Report {
    let place = Place { quiet: wish.quiet, trusted_proxies: Some("127.0.0.1/32".to_owned()), ..Place::with(wish.program, None) };
    let scene = Scene::at(place, Quota::Stops).await;
    let mut report = Report::default();
    if !chrt("--fifo", "10") {
        report.saw("Not root: the callers and their service compete for the cores with what they measure");
    }
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let (mut log_ins, mut pages) = (0, 0);
    let rounds = wish.rounds(5, 15);
    for _ in 0..rounds {
        quiet.push(p99(&scene, &mut report).await);
        let flood = Flood::start(&scene.platform.place.url, others);
        flooded.push(p99(&scene, &mut report).await);
        let (more_log_ins, more_pages) = flood.end().await;
        log_ins += more_log_ins;
        pages += more_pages;
    }
    let [quiet, flooded] = [quiet, flooded].map(|mut all| {
        all.sort_unstable();
        (all[all.len() / 2], all[0], all[all.len() - 1])
    });
    let ratio = flooded.0.as_secs_f64() / quiet.0.as_secs_f64();
    let flooded_for = (PERIOD + SETTLES).as_secs_f64() * f64::from(rounds);
    report.saw(format!(
        "p99 of calls, median of {rounds} rounds (least to most): quiet {quiet:.2?}, flooded {flooded:.2?}: {ratio:.2} times"
    ));
    let per_second = |count: u64| f64::from(u32::try_from(count).unwrap()) / flooded_for;
    report.saw(format!("The flood: {:.0} log-ins and {:.0} pages a second", per_second(log_ins), per_second(pages)));
    report.demand(ratio <= BOUND, || format!("the flood makes p99 {ratio:.2} times as long"));
    report
}

async fn p99(scene: &Scene, report: &mut Report) -> Duration {
    sleep(SETTLES).await;
    let load = scene.load(&LOAD);
    sleep(PERIOD).await;
    let mut tally = load.end().await;
    report.demand(tally.failed() == 0, || told(&tally));
    tally.p99()
}

/// Puts this thread under another policy of the scheduler.
fn chrt(policy: &str, priority: &str) -> bool {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    Command::new("chrt").args([policy, "--pid", priority, &thread]).output().is_ok_and(|output| output.status.success())
}

struct Flood {
    stop: Arc<AtomicBool>,
    people: JoinSet<()>,
    log_ins: Arc<AtomicU64>,
    pages: Arc<AtomicU64>,
}

impl Flood {
    fn start(url: &str, others: &Handle) -> Self {
        let mut flood = Self { stop: Arc::default(), people: JoinSet::new(), log_ins: Arc::default(), pages: Arc::default() };
        let client = reqwest::Client::new();
        for _ in 0..LOG_INS {
            let (client, url) = (client.clone(), format!("{url}/api/v1/tokens"));
            let (stop, count) = (Arc::clone(&flood.stop), Arc::clone(&flood.log_ins));
            flood.people.spawn_on(
                async move {
                    while !stop.load(Relaxed) {
                        // Each from somewhere else and as somebody else, whom nobody knows: that costs a hash.
                        let address = std::net::Ipv4Addr::from(fastrand::u32(..)).to_string();
                        let email = format!("{}@people.test", fastrand::u64(..));
                        let body = json!({"email": email, "password": PASSWORD, "name": "flood"});
                        let answer = client.post(&url).header("x-forwarded-for", address).json(&body).send().await;
                        count.fetch_add(u64::from(answer.is_ok_and(|answer| answer.status() == 401)), Relaxed);
                    }
                },
                others,
            );
        }
        for number in 0..READERS {
            let (client, url) = (client.clone(), format!("{url}{}", PAGES[number % PAGES.len()]));
            let (stop, count) = (Arc::clone(&flood.stop), Arc::clone(&flood.pages));
            flood.people.spawn_on(
                async move {
                    while !stop.load(Relaxed) {
                        let Ok(answer) = client.get(&url).send().await else { continue };
                        let whole = answer.status() == 200 && answer.bytes().await.is_ok();
                        count.fetch_add(u64::from(whole), Relaxed);
                    }
                },
                others,
            );
        }
        flood
    }

    /// Log-ins that were refused after the hash, and pages that came.
    async fn end(mut self) -> (u64, u64) {
        self.stop.store(true, Relaxed);
        while self.people.join_next().await.is_some() {}
        (self.log_ins.load(Relaxed), self.pages.load(Relaxed))
    }
}
