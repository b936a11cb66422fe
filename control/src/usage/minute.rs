//! Calls by the minute. A busy platform has a sum for each key, route and status in each minute: a row
//! each would cost more than all else that counting does. The sums of a minute are packed into a few rows
//! by application. What is counted in the same quarter of a minute is appended to a row in one statement;
//! once the minute is over its rows are packed again into one for each part, so that each sum is there once.
//! Readers unpack what they need (`read.rs`).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use mintreu_model::{
    id::{ApiKeyId, ApplicationId},
    status::UsageStep,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    accept::{Bucket, Sums, statements_of},
    latency::Histogram,
};
use crate::{
    Error, Result,
    store::{Tx, execute, within},
};

/// Calls of one key on one route that ended alike, in the minute that begins at `start`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute<'a> {
    pub(super) start: DateTime<Utc>,
    pub(super) application: ApplicationId,
    pub(super) key: ApiKeyId,
    pub(super) route: &'a str,
    pub(super) status: i64,
    pub(super) sums: &'a Sums,
}

/// Rows of one statement. The row of a busy minute is as large as a hundred of other tables.
const ROWS: usize = 16;

/// Where the sums of an application lie: ids end in random bits, so that parts are alike in size.
pub(super) fn part(application: ApplicationId) -> i64 {
    application.0.as_bytes().last().copied().unwrap_or_default().into()
}

/// In which quarter of a minute something is counted.
pub(super) fn quarter(now: DateTime<Utc>) -> i64 {
    now.timestamp().rem_euclid(60) / 15
}

/// What is written at once; a row has one behind the other.
#[derive(Serialize, Deserialize)]
struct Piece<'a, H> {
    #[serde(borrow)]
    routes: Vec<&'a str>,
    cells: Vec<Cell<H>>,
}

#[derive(Serialize, Deserialize)]
struct Cell<H> {
    application: [u8; 16],
    key: [u8; 16],
    /// Place in the piece's routes.
    route: usize,
    status: i64,
    requests: i64,
    bytes_in: i64,
    bytes_out: i64,
    latency: H,
}

fn pack<'a>(sums: impl Iterator<Item = Minute<'a>>) -> Result<Vec<u8>> {
    let mut piece = Piece { routes: Vec::new(), cells: Vec::new() };
    let mut places: HashMap<_, _, RandomState> = HashMap::default();
    for Minute { application, key, route, status, sums, .. } in sums {
        let place = *places.entry(route).or_insert_with(|| {
            piece.routes.push(route);
            piece.routes.len() - 1
        });
        piece.cells.push(Cell {
            application: application.0.into_bytes(),
            key: key.0.into_bytes(),
            route: place,
            status,
            requests: sums.requests,
            bytes_in: sums.bytes_in,
            bytes_out: sums.bytes_out,
            latency: &sums.latency,
        });
    }
    postcard::to_allocvec(&piece).map_err(|error| Error::internal("usage could not be packed", error))
}

/// Gives each sum that a row holds; those of one key may be there more than once.
pub(super) fn unpack(start: DateTime<Utc>, mut row: &[u8], mut found: impl FnMut(Minute<'_>)) -> Result<()> {
    while !row.is_empty() {
        let (piece, rest) = postcard::take_from_bytes::<Piece<'_, Histogram>>(row)
            .map_err(|error| Error::internal("usage could not be unpacked", error))?;
        for Cell { application, key, route, status, requests, bytes_in, bytes_out, latency } in piece.cells {
            found(Minute {
                start,
                application: Uuid::from_bytes(application).into(),
                key: Uuid::from_bytes(key).into(),
                route: piece.routes.get(route).copied().unwrap_or_default(),
                status,
                sums: &Sums { requests, bytes_in, bytes_out, latency },
            });
        }
        row = rest;
    }
    Ok(())
}

/// Part and minute, which name a row, and the number of a sum that goes there.
pub(super) type InRow = (i64, DateTime<Utc>, usize);

/// The order in which sums are written.
pub(super) fn sort<'a>(sums: impl Iterator<Item = Minute<'a>>, order: &mut Vec<InRow>) {
    order.clear();
    order.extend(sums.enumerate().map(|(number, sum)| (part(sum.application), sum.start, number)));
    order.sort_unstable();
}

/// Adds to what is there.
pub(super) async fn add(tx: &mut Tx, quarter: i64, sums: &[Minute<'_>]) -> Result<()> {
    let mut order = Vec::new();
    sort(sums.iter().copied(), &mut order);
    write(tx, quarter, &order, |number| sums.get(number).copied()).await
}

/// Adds to what is there: sums in their order, each by its number.
pub(super) async fn write<'a>(tx: &mut Tx, quarter: i64, order: &[InRow], sum: impl Fn(usize) -> Option<Minute<'a>>) -> Result<()> {
    let rows: Vec<_> = order.chunk_by(|(part, start, _), (other, at, _)| part == other && start == at).collect();
    for rows in statements_of(ROWS, &rows) {
        let mut packed = Vec::with_capacity(rows.len());
        for row in rows {
            let Some((part, start, _)) = row.first() else { continue };
            packed.push((*part, *start, pack(row.iter().filter_map(|(.., number)| sum(*number)))?));
        }
        let sql = format!(
            "INSERT INTO usage_minutes (part, start, quarter, sums) VALUES {}
             ON CONFLICT (part, start, quarter) DO UPDATE SET sums = {}",
            tx.places(packed.len(), 4),
            tx.appended("usage_minutes.sums", "excluded.sums")
        );
        execute!(tx, {
            let mut query = sqlx::query(&sql);
            for (part, start, sums) in packed {
                query = query.bind(part).bind(start).bind(quarter).bind(sums);
            }
            query
        })?;
    }
    Ok(())
}

/// The sums of a minute, each once.
pub(super) async fn read(tx: &mut Tx, start: DateTime<Utc>) -> Result<BTreeMap<Bucket, Sums>> {
    let rows: Vec<(Vec<u8>,)> =
        within!(tx, c => sqlx::query_as("SELECT sums FROM usage_minutes WHERE start = $1").bind(start).fetch_all(c))?;
    let mut merged = BTreeMap::new();
    for (row,) in rows {
        merge(start, &row, &mut merged)?;
    }
    Ok(merged)
}

fn merge(start: DateTime<Utc>, row: &[u8], merged: &mut BTreeMap<Bucket, Sums>) -> Result<()> {
    let mut routes: HashSet<Arc<str>> = HashSet::new();
    unpack(start, row, |Minute { application, key, route, status, sums, .. }| {
        let route = routes.get(route).cloned().unwrap_or_else(|| {
            let route = Arc::from(route);
            routes.insert(Arc::clone(&route));
            route
        });
        merged.entry(Bucket { step: UsageStep::Minute, start, application, key, route, status }).or_default().add(sums);
    })
}

/// Packs the rows of a minute again, into one for each part.
pub(super) async fn pack_again(tx: &mut Tx, start: DateTime<Utc>) -> Result<()> {
    let rows: Vec<(i64, Vec<u8>)> =
        within!(tx, c => sqlx::query_as("SELECT part, sums FROM usage_minutes WHERE start = $1 ORDER BY part").bind(start).fetch_all(c))?;
    execute!(tx, sqlx::query("DELETE FROM usage_minutes WHERE start = $1").bind(start))?;
    for of_part in rows.chunk_by(|(part, _), (other, _)| part == other) {
        let mut merged = BTreeMap::new();
        for (_, row) in of_part {
            merge(start, row, &mut merged)?;
        }
        let sums: Vec<Minute<'_>> = merged.iter().map(|(bucket, sums)| bucket.minute(sums)).collect();
        add(tx, 0, &sums).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Packed = (u8, u8, usize, i64, i64, i64, i64);

    fn sums((.., requests, bytes_in, bytes_out): Packed) -> Sums {
        let mut latency = Histogram::default();
        latency.add(bytes_in, requests);
        latency.add(bytes_out, 1);
        Sums { requests, bytes_in, bytes_out, latency }
    }

    proptest! {
        #[test]
        fn what_is_packed_in_pieces_is_unpacked_as_it_was(
            pieces in prop::collection::vec(prop::collection::vec(any::<Packed>(), 1..20), 0..5)
        ) {
            const ROUTES: [&str; 3] = ["GET /v1/orders", "", "POST /v1/größe/{*rest}"];
            let id = |byte: u8| Uuid::from_bytes([byte; 16]);
            let start = DateTime::UNIX_EPOCH;
            let (mut row, mut expected) = (Vec::new(), Vec::new());
            for piece in &pieces {
                let all: Vec<Sums> = piece.iter().map(|one| sums(*one)).collect();
                let minutes: Vec<Minute<'_>> = piece.iter().zip(&all).map(|((application, key, route, status, ..), sums)| Minute {
                    start,
                    application: id(*application).into(),
                    key: id(*key).into(),
                    route: ROUTES[route % ROUTES.len()],
                    status: *status,
                    sums,
                }).collect();
                row.extend(pack(minutes.iter().copied()).unwrap());
                expected.extend(minutes.iter().map(|minute| format!("{minute:?}")));
            }
            let mut found = Vec::new();
            unpack(start, &row, |minute| found.push(format!("{minute:?}"))).unwrap();
            prop_assert_eq!(found, expected);
        }
    }

    /// Rows outlive the program that wrote them: their form stays what it is.
    #[test]
    fn a_row_is_read_in_the_form_that_it_always_had() {
        let ids = [[1; 16], [2; 16]];
        let route = [&[1, 7][..], b"GET /v1"].concat();
        // Route, status, requests, bytes in and out, then classes and requests; signed numbers twice as large.
        let numbers = [0, 0x90, 3, 6, 14, 0xc0, 12, 2, 12, 2, 40, 4];
        let row = [&route[..], &[1], &ids.concat(), &numbers].concat();
        let mut found = 0;
        unpack(DateTime::UNIX_EPOCH, &row, |Minute { application, key, route, status, sums, .. }| {
            assert_eq!([application.0.into_bytes(), key.0.into_bytes()], ids);
            assert_eq!((route, status), ("GET /v1", 200));
            assert_eq!((sums.requests, sums.bytes_in, sums.bytes_out), (3, 7, 800));
            assert_eq!(sums.latency.to_string(), "12:1,40:2,");
            found += 1;
        })
        .unwrap();
        assert_eq!(found, 1);
    }

    #[test]
    fn a_row_that_breaks_off_is_an_error() {
        let sums = sums((0, 0, 0, 0, 7, 8, 9));
        let minute = Minute {
            start: DateTime::UNIX_EPOCH,
            application: Uuid::nil().into(),
            key: Uuid::nil().into(),
            route: "GET /",
            status: 200,
            sums: &sums,
        };
        let row = pack([minute].into_iter()).unwrap();
        for end in 1..row.len() {
            assert!(unpack(minute.start, &row[..end], |_| {}).is_err(), "{end} bytes");
        }
    }
}
