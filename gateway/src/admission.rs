//! What a caller that proved who it is may do: standing, product, scope, address; then how often.
//! The result is a unit of quota, without which no call is forwarded.

use std::net::IpAddr;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, Method};
use mintreu_model::id::ProductId;

use crate::{
    credential::Caller,
    grant::Entry,
    limit::{NoUnit, Reservation},
    message::Fields,
    peer::is_allowed,
    problem::{Code, Problem},
    state::Core,
    trace::shared,
};

pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The call, as far as a grant can allow or forbid it.
pub(crate) struct Asked<'a> {
    pub(crate) product: ProductId,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) ip: IpAddr,
    /// Bytes that the body has at least, and may have.
    pub(crate) body: u64,
    pub(crate) limit: u64,
}

fn authorise(caller: &Caller, asked: &Asked<'_>) -> Result<(), Problem> {
    let grant = &caller.entry.grant;
    if !is_allowed(&grant.allowed_ips, asked.ip) {
        return Err(Code::IpNotAllowed.into());
    }
    caller.entry.check_standing()?;
    if grant.product_id != asked.product {
        return Err(Code::ProductMismatch.into());
    }
    let (method, path) = (asked.method.as_str(), asked.path.as_bytes());
    let of_key = grant.scopes.is_empty() || grant.scopes.iter().any(|scope| scope.allows(method, path));
    let of_token = caller
        .token
        .as_ref()
        .and_then(|token| token.scopes.as_ref())
        .is_none_or(|scopes| scopes.iter().any(|scope| scope.allows(method, path)));
    if !of_key || !of_token {
        return Err(Code::ScopeInsufficient.into());
    }
    if asked.body > asked.limit { Err(body_too_large(asked.limit)) } else { Ok(()) }
}

pub(crate) fn body_too_large(limit: u64) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("The body of the request is larger than {limit} bytes.")).closing()
}

/// Rate first, then quota: a call that is refused for its rate takes nothing from the quota.
pub(crate) async fn admit(core: &Core, caller: &Caller, asked: &Asked<'_>, now: DateTime<Utc>) -> Result<Reservation, Problem> {
    authorise(caller, asked)?;
    let entry = &*caller.entry;
    if !core.journal.is_open() {
        return Err(Problem::from(Code::ServiceUnavailable).with_retry_after(5));
    }
    if let Err(wait) = core.limits.admit(&entry.application.rate).await {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let limit = format!("\"rate\";r=0;t={}, {}", seconds.max(1), quota_text(core, entry, now));
        return Err(limited(Code::RateLimited, entry, seconds, shared(limit)));
    }
    core.limits.reserve(&entry.grant, &entry.quota).await.map_err(|refused| match refused {
        NoUnit::Exhausted => {
            let seconds = until_next_period(entry, now);
            limited(Code::QuotaExhausted, entry, seconds, shared(quota_text(core, entry, now)))
        }
        NoUnit::Away => Problem::from(Code::ServiceUnavailable).with_retry_after(5),
    })
}

fn limited(code: Code, entry: &Entry, seconds: u64, limit: HeaderValue) -> Problem {
    Problem::from(code).with_retry_after(seconds).with(RATE_LIMIT_POLICY, shared(entry.fields.limits().to_owned())).with(RATE_LIMIT, limit)
}

fn until_next_period(entry: &Entry, now: DateTime<Utc>) -> u64 {
    let left = entry.grant.quota.period_end.timestamp_millis().saturating_sub(now.timestamp_millis());
    u64::try_from(left).unwrap_or(0).div_ceil(1_000)
}

fn quota_text(core: &Core, entry: &Entry, now: DateTime<Utc>) -> String {
    quota_text_and(core, entry, now, "")
}

fn quota_text_and(core: &Core, entry: &Entry, now: DateTime<Utc>, more: &str) -> String {
    let left = entry.quota.left(&entry.grant.quota, core.limits.are_leased());
    let (mut number, mut time) = (itoa::Buffer::new(), itoa::Buffer::new());
    ["\"quota\";r=", number.format(left), ";t=", time.format(until_next_period(entry, now)), more].concat()
}

/// The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-10.
pub(crate) fn tell_limits(core: &Core, entry: &Entry, now: DateTime<Utc>, fields: &mut Fields) {
    // Both in one piece.
    let policy = entry.fields.limits();
    let mut limit = Bytes::from(quota_text_and(core, entry, now, policy));
    let policy = limit.split_off(limit.len() - policy.len());
    fields.insert(RATE_LIMIT_POLICY, shared(policy));
    fields.insert(RATE_LIMIT, shared(limit));
}
