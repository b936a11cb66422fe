//! PostgreSQL is away for a time: stopped, then frozen with its connections open. Keys that the
//! gateway knows are served all the while, and the sums are exact soon after its return.

use std::time::{Duration, Instant};

use mintreu_faults::{books::settled, load::Habit, platform::eventually};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const LOAD: [(usize, Habit); 1] = [(10, Habit::Every(Duration::from_millis(50)))];
/// After its return.
const SOON: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Stopped,
    Frozen,
}

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let mut report = Report::default();
    let mut scene = Scene::open(wish, Quota::Metered).await;
    let time = Duration::from_secs(wish.seconds(30, 600).into());
    let mut delivered = 0;
    for away in [Away::Stopped, Away::Frozen] {
        let load = scene.load(&LOAD);
        eventually("calls are answered", async || load.answered() > 100).await;
        match (away, &mut scene.server, &scene.proxy) {
            (Away::Stopped, Some(server), _) => server.stop().unwrap(),
            (_, _, Some(proxy)) => proxy.freeze(),
            _ => report.found("this engine cannot be away"),
        }
        let before = load.answered();
        tokio::time::sleep(time).await;
        let meanwhile = load.answered() - before;
        match (away, &mut scene.server, &scene.proxy) {
            (Away::Stopped, Some(server), _) => server.start_again().unwrap(),
            (_, _, Some(proxy)) => proxy.thaw(),
            _ => {}
        }
        let back = Instant::now();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut tally = load.end().await;
        delivered += tally.delivered();
        if let Err(finding) = settled(&scene.platform.place, SOON).await {
            report.found(format!("{away:?}: {finding}"));
        }
        let (took, books, p99) = (back.elapsed(), scene.books().await, tally.p99());
        report.saw(format!(
            "{away:?} for {time:?}: {meanwhile} calls answered meanwhile, p99 {p99:.1?}; counted {took:.1?} after its return"
        ));
        report.saw(told(&tally));
        report.demand(tally.failed() == 0, || format!("{away:?}: {} calls with a known key failed", tally.failed()));
        report.demand(took < SOON, || format!("{away:?}: it took {took:?} to count everything"));
        let exact = books.quotas == delivered && books.usage == delivered;
        report.demand(exact, || format!("{away:?}: {delivered} calls were delivered, and the books say {books:?}"));
    }
    report
}
