//! One file of the journal: preallocated, written at its end by one worker, read from its beginning
//! by the flusher, deleted when everything in it is acknowledged. A file that an earlier process
//! left is read only.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use mintreu_model::id::SegmentId;
use rustix::fs::{FallocateFlags, fallocate};
use uuid::Uuid;

use super::{
    UsageRecord,
    frame::{Codec, FRAME, Frame, Routes},
};

const SUFFIX: &str = "journal";
pub(super) const HEADER_BYTES: u64 = FRAME as u64;

/// A segment that a worker of this process writes.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) id: SegmentId,
    pub(super) codec: Codec,
    path: PathBuf,
    file: File,
    capacity: u64,
    /// Up to here something is written.
    end: AtomicU64,
    /// Up to here the flusher may read.
    readable: AtomicU64,
    /// Up to here the control plane has counted.
    acked: AtomicU64,
    /// Nothing is written to it any more.
    sealed: AtomicBool,
    /// Nobody knows what of its end is on the disk.
    broken: AtomicBool,
}

impl Live {
    /// Takes the space before anything is promised: a write within it does not find the disk full.
    pub(super) fn create(directory: &Path, replica: Uuid, capacity: u64) -> io::Result<Arc<Self>> {
        let id = SegmentId(Uuid::now_v7());
        let path = directory.join(format!("{id}.{SUFFIX}"));
        let file = File::options().create_new(true).read(true).write(true).open(&path)?;
        let codec = Codec::new(id);
        let prepared = match fallocate(&file, FallocateFlags::empty(), 0, capacity) {
            // A file system that cannot: its writes may find the disk full, and are then refused.
            Err(error) if error == rustix::io::Errno::OPNOTSUPP || error == rustix::io::Errno::NOSYS => Ok(()),
            other => other.map_err(io::Error::from),
        }
        .and_then(|()| {
            let mut header = Vec::with_capacity(FRAME);
            codec.header(&mut header, replica);
            file.write_all_at(&header, 0)
        });
        if let Err(error) = prepared {
            drop(fs::remove_file(&path));
            return Err(error);
        }
        Ok(Arc::new(Self {
            id,
            codec,
            path,
            file,
            capacity,
            end: AtomicU64::new(HEADER_BYTES),
            readable: AtomicU64::new(HEADER_BYTES),
            acked: AtomicU64::new(0),
            sealed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }))
    }

    pub(super) fn has_room(&self, at: u64, bytes: usize) -> bool {
        at.saturating_add(bytes as u64) <= self.capacity
    }

    /// One write, which ends at the offset that is given back. What it left half done is cut off
    /// again: nothing that was refused is ever read.
    pub(super) fn write(&self, bytes: &[u8], at: u64) -> io::Result<u64> {
        if let Err(error) = self.file.write_all_at(bytes, at) {
            self.cut(at);
            return Err(error);
        }
        let end = at + bytes.len() as u64;
        self.end.store(end, Ordering::Release);
        Ok(end)
    }

    /// Ends the segment at `at`.
    pub(super) fn cut(&self, at: u64) {
        if let Err(error) = self.file.set_len(at) {
            tracing::error!(segment = %self.id, %error, "a refused record may be left in the usage journal");
        }
        self.end.store(at, Ordering::Release);
        self.seal();
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(super) fn publish(&self, end: u64) {
        self.readable.fetch_max(end, Ordering::Release);
    }

    pub(super) fn readable(&self) -> u64 {
        self.readable.load(Ordering::Acquire)
    }

    pub(super) fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    pub(super) fn acknowledge(&self, position: u64) {
        self.acked.store(position, Ordering::Release);
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acked.load(Ordering::Acquire)
    }

    /// Whether all that will ever be in it is counted.
    pub(super) fn is_done(&self) -> bool {
        self.is_sealed() && self.acknowledged() >= self.end.load(Ordering::Acquire)
    }

    pub(super) fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Reads the frames of `bytes`, which begin at `from`, and learns the routes that they name. Gives
/// the number of frames that cannot be read.
pub(super) fn decode(codec: &Codec, bytes: &[u8], from: u64, routes: &mut Routes, mut found: impl FnMut(UsageRecord)) -> u64 {
    let mut damaged = 0;
    for (frame, index) in bytes.chunks(FRAME).zip(0_u64..) {
        match codec.read(frame, from + index * FRAME as u64) {
            Some(Frame::Call { route, mut record }) => {
                record.route = routes.name(route);
                found(record);
            }
            Some(Frame::Route { number, part, parts, text }) => routes.learn(number, part, parts, text),
            Some(Frame::Header { .. }) => {}
            None => damaged += 1,
        }
    }
    damaged
}

/// A segment that another process wrote.
pub(super) struct Left {
    pub(super) id: SegmentId,
    /// Who wrote it; nil when its head is lost.
    pub(super) replica: Uuid,
    pub(super) path: PathBuf,
    pub(super) codec: Codec,
    /// Everything up to the last whole frame.
    pub(super) bytes: Vec<u8>,
    /// Whether frames before the last whole one are damaged, or the head is.
    pub(super) damaged: bool,
}

impl Left {
    /// The end of a file may be torn, or was never written: what follows the last whole frame is no
    /// record of anything that was answered.
    pub(super) fn read(path: PathBuf) -> io::Result<Self> {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let id: SegmentId = name.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its name is no segment's id"))?;
        Ok(Self::parse(id, path.clone(), fs::read(path)?))
    }

    pub(super) fn parse(id: SegmentId, path: PathBuf, mut bytes: Vec<u8>) -> Self {
        let codec = Codec::new(id);
        let readable = |(frame, index): (&[u8], u64)| codec.read(frame, index * FRAME as u64);
        let whole = bytes.chunks(FRAME).zip(0..).enumerate().filter(|(_, frame)| readable(*frame).is_some()).map(|(index, _)| index);
        let (found, end) = whole.fold((0, 0), |(found, _), index| (found + 1, index + 1));
        let replica = match bytes.chunks(FRAME).zip(0..).next().and_then(readable) {
            Some(Frame::Header { replica }) => Some(replica),
            _ => None,
        };
        let damaged = found < end || (replica.is_none() && bytes.iter().any(|byte| *byte != 0));
        bytes.truncate(end * FRAME);
        Self { id, replica: replica.unwrap_or_default(), path, codec, bytes, damaged }
    }
}

/// The segments of a directory, oldest first.
pub(super) fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == SUFFIX) {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}
