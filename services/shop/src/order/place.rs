//! Placing an order, from a request or from a cart, inside the caller's transaction.
//!
//! The first step takes the next number, which locks the store's row: orders of one shop are placed
//! one after the other. So a repeated `Idempotency-Key` always finds the order it repeats, numbers
//! have no gaps, and two orders never wait for each other's stock in a circle.

use chrono::{DateTime, Datelike as _, Utc};
use mintreu_kit::{Problem, Tx, new_id, within};

use super::record::{self, NewRecord, Taken};
use crate::customer::{self, Customer, NewCustomer};
use crate::money::check_currency;

/// What is to be ordered. Lines are valid and name each product once.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) currency: Option<&'a str>,
    pub(crate) customer: Option<&'a NewCustomer>,
    pub(crate) customer_id: Option<&'a str>,
    pub(crate) lines: Vec<Line>,
    pub(crate) idempotency: Option<Idempotency>,
}

/// The client's name for this request, and a digest of what it asked for under that name.
#[derive(Debug)]
pub(crate) struct Idempotency {
    pub(crate) key: String,
    pub(crate) digest: String,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// Where the client named it: `items[2]`.
    pub(crate) field: String,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
}

/// The id of the order.
#[derive(Debug)]
pub(crate) enum Placed {
    New(String),
    /// The same request was served before.
    Before(String),
}

/// Places the order; nothing has happened until the caller commits.
///
/// # Errors
/// 409 `out_of_stock` or `idempotency_key_reused`; 422 for unknown products or customers.
pub(crate) async fn place(tx: &mut Tx, draft: Draft<'_>, now: DateTime<Utc>) -> Result<Placed, Problem> {
    let (sequence, currency): (i64, String) = within!(tx, c => {
        sqlx::query_as(
            "UPDATE store SET order_sequence = order_sequence + 1 WHERE id = 1 RETURNING order_sequence, currency",
        )
        .fetch_one(c)
        .await
    })?;
    if let Some(idempotency) = &draft.idempotency
        && let Some((id, digest)) = record::find_by_key(tx, &idempotency.key).await?
    {
        if digest == idempotency.digest {
            return Ok(Placed::Before(id));
        }
        let detail = "This Idempotency-Key was used for another request.";
        return Err(Problem::conflict("idempotency_key_reused", detail));
    }
    if let Some(given) = draft.currency {
        let mut check = mintreu_kit::Check::new();
        check_currency(&mut check, "currency", given, &currency);
        check.finish()?;
    }
    let customer = find_customer(tx, &draft, now).await?;
    let taken = take_all(tx, draft.lines, now).await?;
    let total_minor = total(&taken).ok_or_else(|| Problem::field("items", "out_of_range", "The total is larger than any order may be."))?;
    let order = NewRecord {
        id: new_id("ord"),
        number: format!("ORD-{}-{sequence}", now.year()),
        currency,
        total_minor,
        customer,
        idempotency: draft.idempotency,
    };
    record::insert(tx, &order, now).await?;
    for (position, item) in taken.iter().enumerate() {
        record::insert_item(tx, &order.id, position, item).await?;
    }
    Ok(Placed::New(order.id))
}

async fn find_customer(tx: &mut Tx, draft: &Draft<'_>, now: DateTime<Utc>) -> Result<Option<Customer>, Problem> {
    if let Some(new) = draft.customer {
        return Ok(Some(customer::find_or_insert(tx, new, now).await?));
    }
    let Some(id) = draft.customer_id else { return Ok(None) };
    let known = customer::find(tx, id).await?;
    known.map(Some).ok_or_else(|| Problem::field("customer_id", "unknown", "There is no such customer."))
}

/// Takes what is ordered off the shelf, in the order of SKUs, and gives it in the client's order.
async fn take_all(tx: &mut Tx, lines: Vec<Line>, now: DateTime<Utc>) -> Result<Vec<Taken>, Problem> {
    let mut lines: Vec<(usize, Line)> = lines.into_iter().enumerate().collect();
    // A cancellation locks products in the same order, so that the two never wait in a circle.
    lines.sort_by(|(_, one), (_, other)| one.sku.cmp(&other.sku));
    let mut taken = Vec::with_capacity(lines.len());
    for (position, line) in lines {
        match record::take(tx, &line.sku, line.quantity, now).await? {
            Some(item) => taken.push((position, item)),
            None => return Err(not_taken(tx, &line).await?),
        }
    }
    taken.sort_by_key(|(position, _)| *position);
    Ok(taken.into_iter().map(|(_, item)| item).collect())
}

/// Why a line could not be had.
async fn not_taken(tx: &mut Tx, line: &Line) -> Result<Problem, sqlx::Error> {
    Ok(match record::stock(tx, &line.sku).await? {
        Some(left) => Problem::conflict("out_of_stock", format!("There is not enough of {}: {left} left.", line.sku)).and_field(
            &format!("{}.quantity", line.field),
            "out_of_stock",
            format!("{left} of {} left.", line.sku),
        ),
        None => Problem::field(&format!("{}.sku", line.field), "unknown", "There is no such product on sale."),
    })
}

/// `None` when it does not fit.
fn total(items: &[Taken]) -> Option<i64> {
    items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.unit_price_minor.checked_mul(item.quantity)?))
}
