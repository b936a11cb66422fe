//! SIGTERM under load. With two replicas no call fails: the client goes to the other one when a
//! connection is refused, and a call that was sent is answered. One that is alone answers what was
//! begun.

use std::{mem, time::Duration};

use mintreu_faults::{
    books::settled,
    load::{Habit, Load, Tally, Target},
};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const LOAD: [(usize, Habit); 3] = [(12, Habit::Kept), (4, Habit::Slow(200)), (4, Habit::Fresh)];
const SOON: Duration = Duration::from_secs(30);

async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..700))).await;
}

pub(crate) async fn two_replicas(wish: &Wish<'_>) -> Report {
    let mut scene = Scene::open(wish, Quota::Stops).await;
    let mut other = scene.platform.replica().await;
    let mut report = Report::default();
    let rounds = wish.rounds(4, 20);
    let load = Load::start(&Target::new(&scene.caller, &[&scene.platform.place.url, &other.place.url]), &LOAD);
    for round in 1..=rounds {
        a_moment().await;
        let code = scene.platform.stop().await;
        report.demand(code == Some(0), || format!("round {round}: it ended with {code:?}"));
        scene.platform.restart().await;
        mem::swap(&mut scene.platform, &mut other);
    }
    a_moment().await;
    let tally = load.end().await;
    for platform in [&scene.platform, &other] {
        if let Err(finding) = settled(&platform.place, SOON).await {
            report.found(finding);
        }
    }
    all_answered(&scene, &tally, rounds, &mut report).await;
    report.demand(tally.refused == 0, || format!("{} times neither replica took a connection", tally.refused));
    report
}

pub(crate) async fn alone(wish: &Wish<'_>) -> Report {
    let mut scene = Scene::open(wish, Quota::Stops).await;
    let mut report = Report::default();
    let rounds = wish.rounds(4, 20);
    let load = scene.load(&LOAD);
    for round in 1..=rounds {
        a_moment().await;
        let code = scene.platform.stop().await;
        report.demand(code == Some(0), || format!("round {round}: it ended with {code:?}"));
        scene.platform.restart().await;
    }
    a_moment().await;
    let tally = load.end().await;
    if let Err(finding) = settled(&scene.platform.place, SOON).await {
        report.found(finding);
    }
    all_answered(&scene, &tally, rounds, &mut report).await;
    report
}

async fn all_answered(scene: &Scene, tally: &Tally, rounds: u32, report: &mut Report) {
    report.saw(told(tally));
    report.saw(format!("{rounds} times told to stop, {} calls failed", tally.failed()));
    report.demand(tally.failed() == 0, || format!("{} calls failed", tally.failed()));
    report.audit(tally, scene.books().await);
}
