//! What may be kept, and how long it is fresh (RFC 9111 §3, §4.2, §5.2), from the viewpoint of a
//! private cache: `private` allows, `s-maxage` is not meant for it. Only what the service says counts;
//! nothing is guessed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderName, StatusCode, header};

use super::condition::timestamp;
use crate::message::Fields;

/// Longer is as good as this.
const LONGEST: u64 = 365 * 86_400;
const KEPT: [u16; 13] = [200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 501];

/// Directives that this cache knows.
#[derive(Default)]
struct Directives {
    no_store: bool,
    no_cache: bool,
    max_age: Option<Duration>,
    min_fresh: Option<Duration>,
    only_if_cached: bool,
}

impl Directives {
    fn of(fields: &Fields) -> Self {
        let mut all = Self::default();
        for line in fields.get_all(header::CACHE_CONTROL) {
            // What cannot be read may forbid.
            let Ok(line) = line.to_str() else { return Self { no_store: true, ..all } };
            for directive in line.split(',') {
                let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
                match name.trim().to_ascii_lowercase().as_str() {
                    "no-store" => all.no_store = true,
                    // With fields named or not: they are not told apart.
                    "no-cache" => all.no_cache = true,
                    "only-if-cached" => all.only_if_cached = true,
                    // Where it stands twice the shorter holds.
                    "max-age" => all.max_age = Some(all.max_age.unwrap_or(Duration::MAX).min(seconds(value).unwrap_or_default())),
                    "min-fresh" => all.min_fresh = Some(seconds(value).unwrap_or(Duration::MAX)),
                    _ => {}
                }
            }
        }
        all
    }
}

fn seconds(value: &str) -> Option<Duration> {
    let digits = value.trim().trim_matches('"');
    let known = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    known.then(|| Duration::from_secs(digits.parse().unwrap_or(LONGEST).min(LONGEST)))
}

/// What a client wants of the cache.
pub(super) struct Wishes {
    pub(super) no_store: bool,
    pub(super) only_if_cached: bool,
    validated: bool,
    max_age: Option<Duration>,
    min_fresh: Option<Duration>,
}

impl Wishes {
    pub(super) fn of(given: &Fields) -> Self {
        let said = Directives::of(given);
        let pragma = !given.contains_key(header::CACHE_CONTROL) && crate::header::has_token(given, &header::PRAGMA, "no-cache");
        Self {
            no_store: said.no_store,
            only_if_cached: said.only_if_cached,
            validated: said.no_cache || pragma,
            max_age: said.max_age,
            min_fresh: said.min_fresh,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Freshness {
    lifetime: Duration,
    /// How old it was when it came.
    age: Duration,
    came: Instant,
    kept: bool,
}

impl Freshness {
    /// `None`: it may not be kept, or is of no use.
    pub(super) fn of(status: StatusCode, fields: &Fields) -> Option<Self> {
        let said = Directives::of(fields);
        let own = fields.contains_key(header::SET_COOKIE) || fields.contains_key(header::CONTENT_RANGE);
        if said.no_store || own || !KEPT.contains(&status.as_u16()) {
            return None;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_secs()).ok())?;
        let date = fields.get(header::DATE).and_then(timestamp);
        let lifetime = if said.no_cache { Some(Duration::ZERO) } else { said.max_age.or_else(|| expires(fields, date.unwrap_or(now))) }?;
        let told = fields.get(header::AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or_default();
        let apparent = date.and_then(|date| u64::try_from(now.saturating_sub(date)).ok()).unwrap_or_default();
        let age = told.max(Duration::from_secs(apparent.min(LONGEST)));
        let of_use = lifetime > age || fields.contains_key(header::ETAG) || fields.contains_key(header::LAST_MODIFIED);
        of_use.then(|| Self { lifetime, age, came: Instant::now(), kept: true })
    }

    /// For an answer that the client gets once more and that is gone then.
    pub(super) fn over(self) -> Self {
        Self { kept: false, lifetime: Duration::ZERO, ..self }
    }

    pub(super) fn may_be_kept(&self) -> bool {
        self.kept
    }

    pub(super) fn age(&self) -> Duration {
        self.age.saturating_add(self.came.elapsed())
    }

    pub(super) fn is_fresh(&self, age: Duration) -> bool {
        self.lifetime > age
    }

    pub(super) fn left(&self, age: Duration) -> Duration {
        self.lifetime.saturating_sub(age)
    }

    /// Whether it answers without a word from the service.
    pub(super) fn serves(&self, age: Duration, wishes: &Wishes) -> bool {
        self.is_fresh(age)
            && !wishes.validated
            && wishes.max_age.is_none_or(|most| age <= most && !most.is_zero())
            && wishes.min_fresh.is_none_or(|least| self.left(age) >= least)
    }
}

/// A date that cannot be read, or two, are long past (§5.3).
fn expires(fields: &Fields, from: i64) -> Option<Duration> {
    let mut lines = fields.get_all(header::EXPIRES);
    let first = lines.next()?;
    let until = if lines.next().is_some() { None } else { timestamp(first) };
    let seconds = until.map_or(0, |until| u64::try_from(until.saturating_sub(from)).unwrap_or(0));
    Some(Duration::from_secs(seconds.min(LONGEST)))
}

/// The fields that an answer depends on; `None` where it depends on more than fields, or on those that
/// the platform writes anew for each call.
pub(super) fn vary(fields: &Fields) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for line in fields.get_all(header::VARY) {
        for name in line.to_str().ok()?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|_| name != "*")?;
            let text = name.as_str();
            let ours = ["mintreu", "x-forwarded", "forwarded", "x-request-id", "x-real-ip", "traceparent", "tracestate", "authorization"];
            if ours.iter().any(|ours| text.starts_with(ours)) {
                return None;
            }
            names.push(name);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freshness(lines: &[(&'static str, &str)]) -> Option<(u64, u64)> {
        let fields = lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        Freshness::of(StatusCode::OK, &fields).map(|found| (found.lifetime.as_secs(), found.age.as_secs()))
    }

    #[test]
    fn only_what_the_service_says_makes_an_answer_fresh() {
        assert_eq!(freshness(&[]), None);
        assert_eq!(freshness(&[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]), None);
        assert_eq!(freshness(&[("cache-control", "public, s-maxage=60")]), None);
        assert_eq!(freshness(&[("cache-control", "private, Max-Age=60, s-maxage=5")]), Some((60, 0)));
        assert_eq!(freshness(&[("cache-control", "max-age=\"60\"")]), Some((60, 0)));
        assert_eq!(freshness(&[("cache-control", "max-age=99999999999999999999")]), Some((LONGEST, 0)));
    }

    #[test]
    fn what_forbids_or_cannot_be_read_is_not_kept() {
        for lines in [
            &[("cache-control", "max-age=60, NO-STORE")][..],
            &[("cache-control", "max-age=60"), ("cache-control", "no-store")],
            &[("cache-control", "max-age=60"), ("set-cookie", "a=b")],
            &[("cache-control", "max-age=-1")],
            &[("cache-control", "max-age=60, max-age=0")],
            &[("expires", "0")],
            &[("expires", "Sat, 06 Nov 2094 08:49:37 GMT"), ("expires", "Sun, 06 Nov 2095 08:49:37 GMT")],
            &[("cache-control", "no-cache")],
            &[("cache-control", "max-age=60"), ("age", "60")],
        ] {
            assert_eq!(freshness(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn dates_count_from_the_service_s_clock() {
        let lines = [("date", "Sat, 06 Nov 2094 08:49:37 GMT"), ("expires", "Sat, 06 Nov 2094 08:50:37 GMT")];
        assert_eq!(freshness(&lines), Some((60, 0)));
        let past = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:50:37 GMT"), ("etag", "\"a\"")];
        assert_eq!(freshness(&past), Some((60, LONGEST)));
        assert_eq!(freshness(&[("cache-control", "no-cache, max-age=60"), ("etag", "\"a\"")]), Some((0, 0)));
        assert_eq!(freshness(&[("cache-control", "max-age=60"), ("age", "18446744073709551615"), ("etag", "\"a\"")]), Some((60, LONGEST)));
    }
}
