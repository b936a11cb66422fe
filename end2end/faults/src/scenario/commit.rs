//! The connection to PostgreSQL is cut while the COMMIT of a transaction that counts usage is under
//! way: before the server hears of it, when it is on its way, and when its answer is. Whatever the
//! server did, the sums are exact.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use mintreu_faults::{books::settled, load::Habit, proxy::Cut};
use tokio::time::timeout;

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const CUTS: [Cut; 3] = [Cut::Before, Cut::After, Cut::Meanwhile];
const LOAD: [(usize, Habit); 2] = [(8, Habit::Every(Duration::from_millis(40))), (2, Habit::Slow(20))];
const SOON: Duration = Duration::from_mins(2);
/// Usage is handed over every second.
const BOUND: Duration = Duration::from_secs(30);

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let (next, rounds) = (AtomicU32::new(0), wish.rounds(6, 200));
    Report::of((0..wish.lanes.min(rounds)).map(|_| lane(wish, &next, rounds))).await
}

async fn lane(wish: &Wish<'_>, next: &AtomicU32, rounds: u32) -> Report {
    let scene = Scene::open(wish, Quota::Stops).await;
    let proxy = scene.proxy.as_ref().unwrap();
    let mut report = Report::default();
    let load = scene.load(&LOAD);
    loop {
        let round = next.fetch_add(1, Ordering::Relaxed);
        if round >= rounds {
            break;
        }
        let cut = CUTS[round as usize % CUTS.len()];
        let began = tokio::time::Instant::now();
        let done = timeout(BOUND, proxy.cut(cut)).await.is_ok();
        report.demand(done, || format!("round {round}: no usage was counted within {BOUND:?}"));
        report.round(&format!("{cut:?}").to_lowercase(), if done { "cut" } else { "never" }, began.elapsed());
    }
    let tally = load.end().await;
    if let Err(finding) = settled(&scene.platform.place, SOON).await {
        report.found(finding);
    }
    let books = scene.books().await;
    report.saw(told(&tally));
    report.demand(tally.failed() == 0, || format!("{} calls failed", tally.failed()));
    report.demand(books.quotas == tally.delivered(), || format!("{} calls are billed, {} were delivered", books.quotas, tally.delivered()));
    report.audit(&tally, books);
    report
}
