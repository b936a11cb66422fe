//! kill -9 under load, and a new start on what it left, again and again: every call that a client
//! saw answered is billed, and none twice.

use std::time::Duration;

use mintreu_faults::{
    books::settled,
    load::{Habit, Tally},
    platform::eventually,
};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const LOAD: [(usize, Habit); 3] = [(12, Habit::Kept), (4, Habit::Slow(20)), (2, Habit::Fresh)];
/// The program is killed within so many milliseconds of load, which is longer than from one
/// hand-over of usage to the next.
const WITHIN: u64 = 1_500;
const SOON: Duration = Duration::from_secs(30);

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let mut scene = Scene::open(wish, Quota::Stops).await;
    let mut report = Report::default();
    let mut all = Tally::default();
    let rounds = wish.rounds(5, 100);
    let mut late = 0;
    for round in 1..=rounds {
        let load = scene.load(&LOAD);
        eventually("calls are answered", async || load.answered() > 0).await;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..WITHIN))).await;
        scene.platform.crash();
        all.merge(load.end().await);
        let before = scene.books().await;
        scene.platform.restart().await;
        if let Err(finding) = settled(&scene.platform.place, SOON).await {
            report.found(format!("round {round}: {finding}"));
        }
        let books = scene.books().await;
        late += books.quotas.saturating_sub(before.quotas);
        report.demand(books.quotas >= before.quotas, || format!("round {round}: what was counted is less than before"));
        let mut audit = Report::default();
        audit.audit(&all, books);
        for finding in audit.findings {
            report.found(format!("round {round}: {finding}"));
        }
    }
    let books = scene.books().await;
    report.saw(told(&all));
    report.saw(format!("{rounds} times killed; {} calls billed, {late} of them only by what the journal had kept", books.quotas));
    report
}
