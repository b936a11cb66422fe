//! One page of a list: by its number for people, or after the row that the answer before ended
//! with, so that rows that come meanwhile neither show a row twice nor hide one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use mintreu_model::list::{List, ListQuery};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Db, Pool};
use crate::{Error, Result};

/// What a list may be sorted by. `id` is its rows' own, which decides between equals.
pub(crate) struct Sorting {
    pub id: &'static str,
    /// Downwards when it is the id: newest first.
    pub default: Column,
    pub others: &'static [Column],
}

pub(crate) struct Column {
    name: &'static str,
    expression: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Text,
    Whole,
    Time,
}

impl Column {
    const fn new(name: &'static str, expression: &'static str, kind: Kind) -> Self {
        Self { name, expression, kind }
    }

    /// The time when rows were made: ids are in its order.
    pub(crate) const fn created(id: &'static str) -> Self {
        Self::new("created", id, Kind::Id)
    }

    /// Expressions must never be NULL, which has no order.
    pub(crate) const fn text(name: &'static str, expression: &'static str) -> Self {
        Self::new(name, expression, Kind::Text)
    }

    pub(crate) const fn whole(name: &'static str, expression: &'static str) -> Self {
        Self::new(name, expression, Kind::Whole)
    }

    pub(crate) const fn time(name: &'static str, expression: &'static str) -> Self {
        Self::new(name, expression, Kind::Time)
    }
}

/// A row with its place in the list.
#[derive(FromRow)]
pub(crate) struct Placed<T> {
    #[sqlx(flatten)]
    row: T,
    sort_key: String,
    sort_id: Uuid,
}

/// The page that a query asks for.
pub(crate) struct Page<'a> {
    sorting: &'a Sorting,
    column: &'a Column,
    down: bool,
    /// As text, to be bound in this order where `rest` says: then `after`, `take`, `skip`.
    pub key: Option<String>,
    pub after: Option<Uuid>,
    /// One row more than is shown, to see whether there is a next page.
    pub take: i64,
    pub skip: i64,
    times_are_text: bool,
}

impl<'a> Page<'a> {
    /// Refuses a cursor that is none, or of another order.
    pub(crate) fn new(db: &Db, query: &ListQuery, sorting: &'a Sorting) -> Result<Self> {
        let wanted = query.sort.as_deref().unwrap_or_default();
        let (name, down) = wanted.strip_prefix('-').map_or((wanted, false), |name| (name, true));
        let known = std::iter::once(&sorting.default).chain(sorting.others).find(|column| column.name == name);
        let (column, down) = known.map_or((&sorting.default, sorting.default.kind == Kind::Id), |column| (column, down));
        let (take, skip) = (query.limit() + 1, query.offset());
        let times_are_text = matches!(db.pool, Pool::Sqlite { .. });
        let mut page = Self { sorting, column, down, key: None, after: None, take, skip, times_are_text };
        if let Some(cursor) = &query.cursor {
            let (sort, key, after): (String, String, Uuid) = decode(cursor)?;
            if sort != page.sort() || !column.kind.reads(&key) {
                return Err(unknown_cursor());
            }
            (page.key, page.after, page.skip) = (Some(key), Some(after), 0);
        }
        Ok(page)
    }

    fn sort(&self) -> String {
        format!("{}{}", if self.down { "-" } else { "" }, self.column.name)
    }

    /// What to select besides the row.
    pub(crate) fn place(&self) -> String {
        let key = if self.column.kind == Kind::Id { "''" } else { self.column.expression };
        format!("CAST({key} AS TEXT) AS sort_key, {} AS sort_id", self.sorting.id)
    }

    /// What follows the filter; its four parameters are numbered from `first`.
    pub(crate) fn rest(&self, first: usize) -> String {
        let [key, after, take, skip] = [first, first + 1, first + 2, first + 3];
        let (id, expression) = (self.sorting.id, self.column.expression);
        let (direction, beyond) = if self.down { ("DESC", "<") } else { ("ASC", ">") };
        let (order, place, from) = match self.column.kind {
            Kind::Id => (String::new(), id.to_owned(), format!("${after}")),
            kind => {
                let key = kind.read(key, self.times_are_text);
                (format!("{expression} {direction}, "), format!("({expression}, {id})"), format!("({key}, ${after})"))
            }
        };
        format!("AND (${key} IS NULL OR {place} {beyond} {from}) ORDER BY {order}{id} {direction} LIMIT ${take} OFFSET ${skip}")
    }

    pub(crate) fn list<T, V>(&self, mut rows: Vec<Placed<T>>, total: i64, view: impl FnMut(T) -> V) -> List<V> {
        let shown = usize::try_from(self.take - 1).unwrap_or(0);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.map(|row| encode(&(self.sort(), &row.sort_key, row.sort_id)));
        List { data: rows.into_iter().map(|row| row.row).map(view).collect(), next_cursor, total }
    }
}

impl Kind {
    /// The parameter as what it was before it was text.
    fn read(self, parameter: usize, times_are_text: bool) -> String {
        match self {
            Self::Id | Self::Text => format!("${parameter}"),
            Self::Whole => format!("CAST(${parameter} AS BIGINT)"),
            Self::Time if times_are_text => format!("${parameter}"),
            Self::Time => format!("CAST(${parameter} AS TIMESTAMPTZ)"),
        }
    }

    /// Whether the database can read it so.
    fn reads(self, key: &str) -> bool {
        match self {
            Self::Id => key.is_empty(),
            Self::Text => !key.contains('\0'),
            Self::Whole => key.parse::<i64>().is_ok(),
            Self::Time => DateTime::parse_from_rfc3339(key).is_ok() || DateTime::parse_from_str(key, "%Y-%m-%d %H:%M:%S%.f%#z").is_ok(),
        }
    }
}

/// The part of a short list, read as a whole, that was asked for; `key` tells its rows apart.
pub fn part<T>(mut all: Vec<T>, query: &ListQuery, key: impl Fn(&T) -> String) -> Result<List<T>> {
    let (limit, page) = (usize::try_from(query.limit()).unwrap_or(0), usize::try_from(query.offset()).unwrap_or(usize::MAX));
    let begin = match &query.cursor {
        None => page,
        Some(cursor) => {
            let (last, end): (String, usize) = decode(cursor)?;
            // Where it went meanwhile, the others moved up by one.
            all.iter().position(|row| key(row) == last).map_or_else(|| end.saturating_sub(1), |last| last + 1)
        }
    };
    let total = all.len();
    let end = begin.saturating_add(limit);
    all.truncate(end);
    let data: Vec<T> = all.into_iter().skip(begin).collect();
    let next_cursor = data.last().filter(|_| end < total).map(|last| encode(&(key(last), end)));
    Ok(List { data, next_cursor, total: i64::try_from(total).unwrap_or(i64::MAX) })
}

fn encode(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T> {
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    place.ok_or_else(unknown_cursor)
}

fn unknown_cursor() -> Error {
    Error::field("cursor", "invalid", "Send the next_cursor of the answer before, unchanged and with the same sort")
}
