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
    Journal, Part, UsageBatch, UsageSink,
    frame::{FRAME, Routes},
    lock, locked, replica,
    segment::{Left, Live, decode, list},
};
use crate::policy::SourceUnavailable;

/// Sums of one transaction: what the control plane writes in half a second at worst.
const ENOUGH: usize = 100_000;
/// Bytes that are read at once.
const PIECE: u64 = 8_192 * FRAME as u64;
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
    /// Hands over what there is, and stops at the first that is not counted; `false`: there was nothing
    /// new. `before_open` runs when all that an earlier process had left is counted, before billable
    /// calls are taken.
    pub(crate) async fn flush(&self, before_open: impl FnOnce()) -> Result<bool, SourceUnavailable> {
        let mut reading = self.reading.lock().await;
        let began = Instant::now();
        if self.full.load(Ordering::Relaxed) && self.has_room() {
            self.full.store(false, Ordering::Relaxed);
            tracing::info!("the usage journal has room again");
        }
        self.warn_of_a_full_disk();
        let ledgers = locked(&self.ledgers).clone();
        for ledger in &ledgers {
            self.write_all(ledger);
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
        // What comes meanwhile is for the next flush, which counts more of it together.
        let segments: Vec<_> = locked(&self.live).iter().map(|live| (Arc::clone(live), live.readable())).collect();
        let mut some = false;
        while self.drain(&segments, &mut reading.routes).await? {
            some = true;
        }
        for (live, _) in segments.iter().filter(|(live, _)| live.is_done()) {
            reading.routes.remove(&live.id);
            locked(&self.live).retain(|other| !Arc::ptr_eq(other, live));
            if let Err(error) = live.remove() {
                tracing::warn!(segment = %live.id, %error, "a counted part of the usage journal cannot be removed");
            }
        }
        *locked(&self.drained) = began;
        Ok(some)
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

    /// Hands over what the segments hold up to there, as much as one transaction takes; `false`: there was
    /// nothing.
    async fn drain(&self, segments: &[(Arc<Live>, u64)], routes: &mut HashMap<SegmentId, Routes>) -> Result<bool, SourceUnavailable> {
        let unread: Vec<_> = segments.iter().filter(|(live, end)| live.acknowledged() < *end).collect();
        if unread.is_empty() {
            return Ok(false);
        }
        let mut batch = self.sink.batch();
        let mut taken = Vec::new();
        for (live, end) in unread {
            if let Some(read) = Self::read(live, *end, routes.entry(live.id).or_default(), &mut *batch) {
                taken.push((live, read));
            }
        }
        if taken.is_empty() {
            return Ok(false);
        }
        let parts =
            taken.iter().map(|(live, (to, _))| Part { segment: live.id, replica: self.replica, from: live.acknowledged(), to: *to });
        let positions = batch.count(parts.collect()).await?;
        for ((live, (to, damaged)), position) in taken.into_iter().zip(positions) {
            live.acknowledge(position);
            if position == to {
                self.note_damage(live.id, damaged);
            }
        }
        Ok(true)
    }

    /// Up to where it was read, with the number of frames that are damaged. What cannot be read is left
    /// for later: it holds up nothing else.
    fn read(live: &Live, end: u64, routes: &mut Routes, batch: &mut dyn UsageBatch) -> Option<(u64, u64)> {
        let begin = live.acknowledged();
        let (mut at, mut damaged) = (begin, 0);
        while at < end && batch.sums() < ENOUGH {
            let to = end.min(at + PIECE);
            match live.read(at, to) {
                Ok(bytes) => damaged += decode(&live.codec, &bytes, at, routes, |record| batch.add(record)),
                Err(error) => {
                    tracing::error!(segment = %live.id, %error, "a part of the usage journal cannot be read");
                    break;
                }
            }
            at = to;
        }
        (at > begin).then_some((at, damaged))
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

    fn note_damage(&self, segment: SegmentId, frames: u64) {
        if frames > 0 {
            self.damaged.fetch_add(frames, Ordering::Relaxed);
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
    damaged: u64,
}

async fn hand_over(sink: &dyn UsageSink, left: &Left) -> Result<HandedOver, SourceUnavailable> {
    let mut handed = HandedOver::default();
    let end = left.bytes.len() as u64;
    let bytes = |from: u64, to: u64| {
        let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        left.bytes.get(place(from)..place(to)).unwrap_or_default()
    };
    let mut from = sink.position(left.id).await?.min(end);
    // Read from the beginning all the same: calls name routes by their place in the file.
    let mut routes = Routes::default();
    decode(&left.codec, bytes(0, from), 0, &mut routes, drop);
    while from < end {
        let mut batch = sink.batch();
        let (mut to, mut found) = (from, HandedOver::default());
        while to < end && batch.sums() < ENOUGH {
            let piece = bytes(to, end.min(to + PIECE));
            found.damaged += decode(&left.codec, piece, to, &mut routes, |record| {
                found.records += 1;
                batch.add(record);
            });
            to += piece.len() as u64;
        }
        let part = Part { segment: left.id, replica: left.replica, from, to };
        if batch.count(vec![part]).await? != [to] {
            return Err(SourceUnavailable);
        }
        handed.records += found.records;
        handed.damaged += found.damaged;
        from = to;
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

/// What an import brought in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    pub segments: usize,
    pub records: usize,
    /// Frames that could not be read.
    pub damaged: u64,
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
