//! The bytes of a segment: frames of one size, so that damage to one never hides the next. Each
//! carries a checksum over its place too: a frame of another file, or of another time, is none of
//! ours.
//!
//! | bytes | in every frame |
//! |---|---|
//! | 4 | CRC-32 of the segment's id, the frame's offset and the rest of the frame |
//! | 1 | kind |
//! | 123 | content, little-endian, zeros after it |

use std::sync::Arc;

use chrono::{DateTime, Utc};
use mintreu_model::id::{ApiKeyId, ApplicationId, RequestId, SegmentId, SubscriptionId};
use uuid::Uuid;

use super::UsageRecord;

pub(super) const FRAME: usize = 128;
const CHECKSUM: usize = 4;
/// Text of one route frame: what is left beside kind, number, part, parts and length.
const PART: usize = FRAME - CHECKSUM - 1 - 2 - 1 - 1 - 1;
const MAGIC: [u8; 8] = *b"mintreu\x01";

const HEADER: u8 = 1;
const ROUTE: u8 = 2;
const CALL: u8 = 3;

const COUNTS: u8 = 1;
const BILLED: u8 = 2;

/// Longer patterns are cut; the catalogue does not take any.
const MAX_PARTS: usize = 16;

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Header {
        replica: Uuid,
    },
    /// A piece of a route's pattern; calls name routes by number.
    Route {
        number: u16,
        part: u8,
        parts: u8,
        text: Vec<u8>,
    },
    Call {
        route: u16,
        record: UsageRecord,
    },
}

/// Writes and checks frames of one segment.
#[derive(Debug, Clone)]
pub(super) struct Codec {
    seed: u32,
}

impl Codec {
    pub(super) fn new(segment: SegmentId) -> Self {
        Self { seed: crc32fast::hash(segment.0.as_bytes()) }
    }

    fn checksum(&self, offset: u64, content: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.seed);
        hasher.update(&offset.to_le_bytes());
        hasher.update(content);
        hasher.finalize()
    }

    /// Appends one frame to `out`, which begins at `base` in the file.
    fn frame(&self, out: &mut Vec<u8>, base: u64, kind: u8, content: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        out.extend_from_slice(&[0; CHECKSUM]);
        out.push(kind);
        content(out);
        out.resize(start + FRAME, 0);
        let offset = base + start as u64;
        if let Some((sum, content)) = out.get_mut(start..).and_then(|frame| frame.split_at_mut_checked(CHECKSUM)) {
            sum.copy_from_slice(&self.checksum(offset, content).to_le_bytes());
        }
    }

    pub(super) fn header(&self, out: &mut Vec<u8>, replica: Uuid) {
        self.frame(out, 0, HEADER, |out| {
            out.extend_from_slice(&MAGIC);
            out.extend_from_slice(replica.as_bytes());
        });
    }

    pub(super) fn route(&self, out: &mut Vec<u8>, base: u64, number: u16, route: &str) {
        let pieces: Vec<&[u8]> = route.as_bytes().chunks(PART).take(MAX_PARTS).collect();
        let parts = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
        for (part, piece) in (0..parts).zip(pieces) {
            self.frame(out, base, ROUTE, |out| {
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&[part, parts, u8::try_from(piece.len()).unwrap_or(0)]);
                out.extend_from_slice(piece);
            });
        }
    }

    pub(super) fn call(&self, out: &mut Vec<u8>, base: u64, route: u16, record: &UsageRecord) {
        self.frame(out, base, CALL, |out| {
            out.push(if record.counts { COUNTS } else { 0 } | if record.billed { BILLED } else { 0 });
            out.extend_from_slice(&record.status.to_le_bytes());
            out.extend_from_slice(&route.to_le_bytes());
            for time in [record.at, record.quota_period_start] {
                out.extend_from_slice(&time.timestamp_micros().to_le_bytes());
            }
            for number in [record.bytes_in, record.bytes_out, record.latency_us] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            for id in [record.application_id.0, record.key_id.0, record.subscription_id.0, record.request_id.0] {
                out.extend_from_slice(id.as_bytes());
            }
        });
    }

    /// The frame at `offset`; `None` when it is damaged, or was never written.
    pub(super) fn read(&self, frame: &[u8], offset: u64) -> Option<Frame> {
        let mut content = Reader(frame.get(..FRAME)?);
        let sum = u32::from_le_bytes(content.take()?);
        if sum != self.checksum(offset, content.0) {
            return None;
        }
        let [kind] = content.take()?;
        match kind {
            HEADER => (content.take::<8>()? == MAGIC).then_some(()).and_then(|()| content.uuid()).map(|replica| Frame::Header { replica }),
            ROUTE => {
                let number = u16::from_le_bytes(content.take()?);
                let [part, parts, length] = content.take()?;
                let text = content.0.get(..usize::from(length))?.to_vec();
                Some(Frame::Route { number, part, parts, text })
            }
            CALL => content.call(),
            _ => None,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.take().map(Uuid::from_bytes)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<DateTime<Utc>> {
        self.take().map(i64::from_le_bytes).and_then(DateTime::from_timestamp_micros)
    }

    fn call(&mut self) -> Option<Frame> {
        let [flags] = self.take()?;
        let status = u16::from_le_bytes(self.take()?);
        let route = u16::from_le_bytes(self.take()?);
        let (at, quota_period_start) = (self.time()?, self.time()?);
        let (bytes_in, bytes_out, latency_us) = (self.number()?, self.number()?, self.number()?);
        let record = UsageRecord {
            application_id: ApplicationId(self.uuid()?),
            key_id: ApiKeyId(self.uuid()?),
            subscription_id: SubscriptionId(self.uuid()?),
            request_id: RequestId(self.uuid()?),
            quota_period_start,
            route: Arc::default(),
            status,
            at,
            bytes_in,
            bytes_out,
            latency_us,
            counts: flags & COUNTS != 0,
            billed: flags & BILLED != 0,
        };
        Some(Frame::Call { route, record })
    }
}

/// The routes that a segment has named so far.
#[derive(Debug, Default)]
pub(super) struct Routes(Vec<Named>);

#[derive(Debug, Clone, Default)]
struct Named {
    pieces: Vec<Vec<u8>>,
    name: Arc<str>,
}

impl Routes {
    pub(super) fn learn(&mut self, number: u16, part: u8, parts: u8, text: Vec<u8>) {
        let (number, part, parts) = (usize::from(number), usize::from(part), usize::from(parts));
        if parts > MAX_PARTS {
            return;
        }
        if self.0.len() <= number {
            self.0.resize(number + 1, Named::default());
        }
        let Some(named) = self.0.get_mut(number) else { return };
        named.pieces.resize(parts, Vec::new());
        if let Some(piece) = named.pieces.get_mut(part) {
            *piece = text;
        }
        named.name = String::from_utf8_lossy(&named.pieces.concat()).into();
    }

    /// Empty when the frames that named it are lost.
    pub(super) fn name(&self, number: u16) -> Arc<str> {
        self.0.get(usize::from(number)).map(|named| Arc::clone(&named.name)).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::journal) fn record() -> UsageRecord {
        let id = |number| Uuid::from_u128(number);
        UsageRecord {
            application_id: ApplicationId(id(1)),
            key_id: ApiKeyId(id(2)),
            subscription_id: SubscriptionId(id(3)),
            request_id: RequestId(id(4)),
            quota_period_start: DateTime::UNIX_EPOCH,
            route: Arc::from(""),
            status: 201,
            at: DateTime::UNIX_EPOCH,
            bytes_in: 5,
            bytes_out: u64::MAX,
            latency_us: 6,
            counts: true,
            billed: false,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let codec = Codec::new(SegmentId(Uuid::from_u128(9)));
        let long = "/v1/ä".repeat(50);
        let mut out = Vec::new();
        codec.header(&mut out, Uuid::from_u128(7));
        codec.route(&mut out, 0, 3, &long);
        codec.call(&mut out, 0, 3, &record());
        assert_eq!(out.len() % FRAME, 0);
        let mut frames = out.chunks(FRAME).zip(0..).map(|(frame, index)| codec.read(frame, index * FRAME as u64).unwrap());
        assert_eq!(frames.next(), Some(Frame::Header { replica: Uuid::from_u128(7) }));
        let mut routes = Routes::default();
        for frame in frames {
            match frame {
                Frame::Route { number, part, parts, text } => routes.learn(number, part, parts, text),
                Frame::Call { route, record: found } => {
                    assert_eq!((&*routes.name(route), found), (&*long, record()));
                }
                Frame::Header { .. } => panic!("one header"),
            }
        }
        assert_eq!(&*routes.name(9), "");
    }

    #[test]
    fn any_flipped_bit_any_other_place_and_any_other_segment_is_damage() {
        let codec = Codec::new(SegmentId(Uuid::from_u128(9)));
        let mut out = Vec::new();
        codec.call(&mut out, 0, 3, &record());
        assert!(codec.read(&out, 0).is_some());
        assert!(codec.read(&out, 128).is_none());
        assert!(Codec::new(SegmentId(Uuid::from_u128(8))).read(&out, 0).is_none());
        assert!(codec.read(&[0; FRAME], 0).is_none());
        for bit in 0..FRAME * 8 {
            let mut flipped = out.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(codec.read(&flipped, 0).is_none(), "bit {bit}");
        }
    }
}
