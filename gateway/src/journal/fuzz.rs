//! What fuzzers drive of the journal; see `gateway/src/fuzz.rs`.

use std::sync::Arc;

use chrono::DateTime;
use mintreu_model::id::{ApiKeyId, ApplicationId, RequestId, SegmentId, SubscriptionId};
use uuid::Uuid;

use super::{
    UsageRecord,
    frame::{Codec, FRAME, Routes},
    segment::{Left, decode},
};
use crate::fuzz::PLANTED;

/// Segments of the journal: any bytes can be read, what was written comes out, and what was damaged
/// never comes out as something else.
pub fn segment(data: &[u8]) {
    let id = SegmentId(Uuid::from_u128(5));
    let arbitrary = Left::parse(id, "x".into(), data.to_vec());
    decode(&arbitrary.codec, &arbitrary.bytes, 0, &mut Routes::default(), drop);

    let Some((&[frames, place_high, place_low, length, mask], rest)) = data.split_first_chunk() else { return };
    let codec = Codec::new(id);
    let mut bytes = Vec::new();
    codec.header(&mut bytes, Uuid::from_u128(7));
    codec.route(&mut bytes, 0, 0, "/v1/orders");
    let written: Vec<UsageRecord> = (0..frames % 16).map(|number| record(number, rest)).collect();
    for record in &written {
        codec.call(&mut bytes, 0, 0, record);
    }
    // At most four bytes in a row are damaged: a checksum of 32 bits always tells.
    let place = usize::from(u16::from_be_bytes([place_high, place_low])) % bytes.len();
    let damage = usize::from(length % 5).min(bytes.len() - place);
    let touched = mask != 0 && damage > 0;
    for byte in bytes.iter_mut().skip(place).take(damage) {
        *byte ^= mask;
    }
    if PLANTED && place / FRAME == 3 {
        // A reader that trusts a frame's checksum to be right.
        let mut again = bytes.get(..3 * FRAME).unwrap_or_default().to_vec();
        codec.call(&mut again, 0, 0, &record(mask, rest));
        again.extend_from_slice(bytes.get(4 * FRAME..).unwrap_or_default());
        bytes = again;
    }
    let left = Left::parse(id, "x".into(), bytes);
    let mut found = Vec::new();
    decode(&left.codec, &left.bytes, 0, &mut Routes::default(), |record| found.push(record));
    let first = place / FRAME;
    let last = (place + damage.max(1) - 1) / FRAME;
    let route_lost = touched && (first..=last).contains(&1);
    let expected: Vec<UsageRecord> = written
        .into_iter()
        .zip(2..)
        .filter(|(_, frame)| !touched || !(first..=last).contains(frame))
        .map(|(record, _)| UsageRecord { route: if route_lost { Arc::default() } else { Arc::from("/v1/orders") }, ..record })
        .collect();
    assert_eq!(found, expected);
}

fn record(number: u8, rest: &[u8]) -> UsageRecord {
    let take = |index: usize| u64::from(rest.get(index).copied().unwrap_or_default());
    let id = |kind: u128| Uuid::from_u128(kind << 64 | u128::from(number));
    UsageRecord {
        application_id: ApplicationId(id(1)),
        key_id: ApiKeyId(id(2)),
        subscription_id: SubscriptionId(id(3)),
        request_id: RequestId(id(4)),
        quota_period_start: DateTime::UNIX_EPOCH,
        route: Arc::default(),
        status: u16::try_from(take(0)).unwrap_or_default(),
        at: DateTime::UNIX_EPOCH,
        bytes_in: take(1) << 32,
        bytes_out: take(2),
        latency_us: take(3) << 8,
        counts: take(4) % 2 == 0,
        billed: take(5) % 2 == 0,
    }
}
