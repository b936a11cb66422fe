//! The disk of the usage journal is full, before the first call and under load: a call is refused
//! with 503 or counted, and calls are taken again soon after there is room.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use mintreu_faults::{
    books::settled,
    load::{Habit, Load, Tally},
    platform::Place,
};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const SIZE: &str = "size=110m,mode=0700";
const LOAD: [(usize, Habit); 1] = [(16, Habit::Kept)];
/// To be taken again.
const SOON: Duration = Duration::from_secs(5);
/// What files that are taken beforehand hold lasts for a while.
const BOUND: Duration = Duration::from_mins(2);

/// A file system of its own in the place of the journal.
struct Small {
    data: PathBuf,
    journal: PathBuf,
}

impl Small {
    fn mount(data: &Path) -> Option<Self> {
        let journal = data.join("journal");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&journal).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&journal).output().is_ok_and(|output| output.status.success());
        let small = Self { data: data.to_owned(), journal };
        mounted.then_some(small)
    }

    fn ballast(&self) -> PathBuf {
        self.journal.join("ballast")
    }

    /// Takes all room there is.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        let zeros = vec![0; 64 * 1024];
        while ballast.write_all(&zeros).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.journal).output();
        let _ = fs::remove_dir_all(&self.data);
    }
}

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let mut report = Report::default();
    let place = Place { quiet: wish.quiet, ..Place::with(wish.program, None) };
    let Some(small) = Small::mount(&place.data) else {
        report.saw("SKIPPED: a small file system can only be mounted by root");
        return report;
    };
    let scene = Scene::at(place, Quota::Stops).await;
    let mut all = Tally::default();

    small.fill();
    let mut tally = run_until(scene.load(&LOAD), |load| load.answered() > 2_000, BOUND, &mut report).await;
    report.demand(tally.of(503) == tally.attempted, || format!("without any room: {}", told(&tally)));
    report.saw(format!("Full before the first call: {}", told(&tally)));
    all.merge(tally);
    small.empty();
    room_again(&scene, &mut all, &mut report).await;

    for _ in 0..wish.rounds(1, 5) {
        let load = scene.load(&LOAD);
        let under_load = load.answered();
        while load.answered() < under_load + 1_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        small.fill();
        // The files that were taken beforehand fill up; then there is no room for others.
        let full = run_until(load, |load| load.answered() > 200_000, BOUND, &mut report);
        tally = full.await;
        report.saw(format!("Full under load: {}", told(&tally)));
        report.demand(tally.of(503) > 0, || "the journal never was full: it holds more than this scenario knows".to_owned());
        report.demand(tally.of(200) + tally.of(503) == tally.attempted, || format!("neither refused nor answered: {}", told(&tally)));
        all.merge(tally);
        small.empty();
        room_again(&scene, &mut all, &mut report).await;
    }
    if let Err(finding) = settled(&scene.platform.place, BOUND).await {
        report.found(finding);
    }
    let books = scene.books().await;
    report.demand(books.quotas == all.delivered(), || format!("{} calls are billed, {} were delivered", books.quotas, all.delivered()));
    report.audit(&all, books);
    drop(scene);
    report
}

async fn run_until(load: Load, enough: impl Fn(&Load) -> bool, within: Duration, report: &mut Report) -> Tally {
    let began = Instant::now();
    while !enough(&load) {
        if began.elapsed() > within {
            report.found(format!("{} calls were answered within {within:?}, too few to know", load.answered()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    load.end().await
}

/// One call after the other until one is taken.
async fn room_again(scene: &Scene, all: &mut Tally, report: &mut Report) {
    let began = Instant::now();
    loop {
        let one = scene.load(&[(1, Habit::Every(Duration::from_millis(20)))]);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let tally = one.end().await;
        let taken = tally.delivered() > 0;
        all.merge(tally);
        let took = began.elapsed();
        if taken {
            report.saw(format!("Calls are taken again {took:.1?} after there was room"));
        }
        report.demand(took <= SOON, || format!("calls are not taken {took:?} after there was room"));
        if taken || took > SOON {
            return;
        }
    }
}
