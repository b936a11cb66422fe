//! Lists a page at a time: `?limit=&cursor=` in, `{"data":[…],"next_cursor":…}` out.
//!
//! Pages are found by key (`WHERE key > cursor ORDER BY key`), so that a page costs the same at any
//! depth and nothing is shown twice when rows come in between. A query asks for one row more than
//! the page has ([`PageRequest::fetch`]) to know whether there is a next one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;
const MAX_CURSOR: usize = 512;

/// The page part of a query string; flatten it by hand, serde cannot for numbers.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Which page is wanted.
#[derive(Debug)]
pub struct PageRequest {
    limit: u32,
    /// The key of the last row of the page before; `None` for the first page.
    pub after: Option<String>,
}

impl PageQuery {
    /// # Errors
    /// 422 when the limit is not 1 to 100 or the cursor is none of ours.
    pub fn validate(self) -> Result<PageRequest, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::field("limit", "out_of_range", format!("Use 1 to {MAX_LIMIT}.")));
        }
        let after = self.cursor.map(|cursor| decode(&cursor)).transpose()?;
        Ok(PageRequest { limit, after })
    }
}

fn decode(cursor: &str) -> Result<String, Problem> {
    let bytes = if cursor.len() <= MAX_CURSOR { URL_SAFE_NO_PAD.decode(cursor).ok() } else { None };
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|key| !key.contains('\0'))
        .ok_or_else(|| Problem::field("cursor", "invalid", "Use the next_cursor of the page before, unchanged."))
}

impl PageRequest {
    /// How many rows the query should ask for: one more than the page shows.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page made of `rows`, whose order is by `key`.
    #[must_use]
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> &str) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Page { data: rows, next_cursor }
    }
}

/// One page.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Pass it as `cursor` for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}
