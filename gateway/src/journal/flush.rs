//! Handing over what is written: segments of earlier processes first, then this process's own.

use std::{
    collections::{HashMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use mintreu_model::id::SegmentId;

use super::{
    Journal, Segment, UsageSink,
    frame::{FRAME, Routes},
    lock, locked, replica,
    segment::{Left, Live, decode, list},
};
use crate::policy::SourceUnavailable;

/// Bytes of one transaction: what the control plane takes in half a second at worst, and the more
/// at once, the more calls share a sum.
const BATCH: u64 = 50_000 * FRAME as u64;
/// Where files with damage are kept for whoever wants to look.
const SET_ASIDE: &str = "damaged";

/// How far the flusher is.
pub(super) struct Reading {
    left: VecDeque<PathBuf>,
    /// Routes that the segments of this process have named so far.
    routes: HashMap<SegmentId, Routes>,
}

impl Reading {
    pub(super) fn new(left: Vec<PathBuf>) -> Self {
        Self { left: left.into(), routes: HashMap::new() }
    }
}

impl Journal {
    /// Hands over what there is, and stops at the first that is not counted. `before_open` runs when
    /// all that an earlier process had left is counted, before billable calls are taken.
    pub(crate) async fn flush(&self, before_open: impl FnOnce()) -> Result<(), SourceUnavailable> {
        let mut reading = self.reading.lock().await;
        let began = Instant::now();
        if self.full.load(Ordering::Relaxed) && self.has_room() {
            self.full.store(false, Ordering::Relaxed);
            tracing::info!("the usage journal has room again");
        }
        self.warn_of_a_full_disk();
        let ledgers = locked(&self.ledgers).clone();
        for ledger in &ledgers {
            self.write_ended(ledger);
        }
        drop(ledgers);
        self.let_go_of_ended_workers();
        while let Some(path) = reading.left.front() {
            self.recover(path).await?;
            reading.left.pop_front();
        }
        if self.recovering.load(Ordering::Relaxed) {
            self.sink.recovered(self.replica).await?;
            before_open();
            self.recovering.store(false, Ordering::Relaxed);
        }
        let segments = locked(&self.live).clone();
        for live in segments {
            let routes = reading.routes.entry(live.id).or_default();
            self.drain(&live, routes).await?;
            if live.is_done() {
                reading.routes.remove(&live.id);
                locked(&self.live).retain(|other| !Arc::ptr_eq(other, &live));
                if let Err(error) = live.remove() {
                    tracing::warn!(segment = %live.id, %error, "a counted part of the usage journal cannot be removed");
                }
            }
        }
        *locked(&self.drained) = began;
        Ok(())
    }

    fn let_go_of_ended_workers(&self) {
        locked(&self.ledgers).retain(|ledger| {
            let used = Arc::strong_count(ledger) > 1 || ledger.waiting() > 0;
            if !used {
                ledger.seal();
            }
            used
        });
    }

    async fn drain(&self, live: &Live, routes: &mut Routes) -> Result<(), SourceUnavailable> {
        loop {
            let from = live.acknowledged();
            let to = live.readable().min(from + BATCH);
            if to <= from {
                return Ok(());
            }
            let bytes = live.read(from, to).map_err(|error| {
                tracing::error!(segment = %live.id, %error, "the usage journal cannot be read");
                SourceUnavailable
            })?;
            let decoded = decode(&live.codec, &bytes, from, routes);
            self.note_damage(live.id, decoded.damaged);
            let segment = Segment { id: live.id, replica: self.replica, from, to, records: decoded.records };
            live.acknowledge(self.sink.accept(&segment).await?);
        }
    }

    async fn recover(&self, path: &Path) -> Result<(), SourceUnavailable> {
        let Some(left) = open_left(path) else { return Ok(()) };
        self.left.store(left.bytes.len() as u64, Ordering::Relaxed);
        let damaged = hand_over(&*self.sink, &left).await?.damaged;
        self.left.store(0, Ordering::Relaxed);
        self.note_damage(left.id, damaged);
        put_away(&left);
        Ok(())
    }

    fn note_damage(&self, segment: SegmentId, frames: usize) {
        if frames > 0 {
            self.damaged.fetch_add(frames as u64, Ordering::Relaxed);
            tracing::error!(%segment, frames, "a part of the usage journal is damaged");
        }
    }

    /// Lets go of the files that hold nothing more; for the last flush.
    pub(crate) fn close(&self) {
        for ledger in locked(&self.ledgers).iter() {
            ledger.seal();
        }
    }
}

/// What was in a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct HandedOver {
    records: usize,
    damaged: usize,
}

async fn hand_over(sink: &dyn UsageSink, left: &Left) -> Result<HandedOver, SourceUnavailable> {
    let mut handed = HandedOver::default();
    let mut routes = Routes::default();
    let counted = sink.position(left.id).await?;
    let end = left.bytes.len() as u64;
    for (bytes, index) in left.bytes.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)).zip(0..) {
        let start = index * BATCH;
        let stop = (start + BATCH).min(end);
        // Read from the beginning all the same: calls name routes by their place in the file.
        let known = counted.clamp(start, stop) - start;
        let (before, after) = bytes.split_at(usize::try_from(known).unwrap_or(0));
        let _ = decode(&left.codec, before, start, &mut routes);
        let decoded = decode(&left.codec, after, start + known, &mut routes);
        if after.is_empty() {
            continue;
        }
        handed.records += decoded.records.len();
        handed.damaged += decoded.damaged;
        let segment = Segment { id: left.id, replica: left.replica, from: start + known, to: stop, records: decoded.records };
        if sink.accept(&segment).await? < stop {
            return Err(SourceUnavailable);
        }
    }
    Ok(handed)
}

/// What cannot even be opened is set aside.
fn open_left(path: &Path) -> Option<Left> {
    match Left::read(path.to_owned()) {
        Ok(left) => Some(left),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a part of the usage journal cannot be read and is set aside");
            set_aside(path);
            None
        }
    }
}

fn put_away(left: &Left) {
    if left.damaged {
        tracing::error!(segment = %left.id, "a damaged part of the usage journal is counted as far as it can be read, and set aside");
        set_aside(&left.path);
    } else if let Err(error) = fs::remove_file(&left.path) {
        tracing::warn!(segment = %left.id, %error, "a counted part of the usage journal cannot be removed");
    }
}

fn set_aside(path: &Path) {
    let Some((directory, name)) = path.parent().zip(path.file_name()) else { return };
    let directory = directory.join(SET_ASIDE);
    if let Err(error) = fs::create_dir_all(&directory).and_then(|()| fs::rename(path, directory.join(name))) {
        tracing::error!(path = %path.display(), %error, "it cannot be set aside");
    }
}

/// What [`import`] brought in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    pub segments: usize,
    pub records: usize,
    /// Frames that could not be read.
    pub damaged: usize,
}

/// Brings in the journal of a replica that is no more; what was counted before is not counted again.
///
/// # Errors
/// When the directory cannot be read or is in use, or the sink is away: say it again later.
pub(crate) async fn import(directory: &Path, sink: &dyn UsageSink) -> io::Result<Imported> {
    if !directory.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such directory"));
    }
    let _lock = lock(directory)?;
    let mut imported = Imported::default();
    for path in list(directory)? {
        let Some(left) = open_left(&path) else { continue };
        let handed = hand_over(sink, &left).await.map_err(io::Error::other)?;
        imported.segments += 1;
        imported.records += handed.records;
        imported.damaged += handed.damaged;
        put_away(&left);
    }
    sink.recovered(replica(directory)?).await.map_err(io::Error::other)?;
    Ok(imported)
}

/// One file of a journal that may be in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub segment: SegmentId,
    /// Up to here it holds records.
    pub end: u64,
    pub damaged: bool,
}

/// Looks at a journal without touching it.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn inspect(directory: &Path) -> io::Result<Vec<Waiting>> {
    let read = |path: PathBuf| {
        let left = Left::read(path)?;
        Ok(Waiting { segment: left.id, end: left.bytes.len() as u64, damaged: left.damaged })
    };
    match list(directory) {
        Ok(paths) => paths.into_iter().map(read).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
