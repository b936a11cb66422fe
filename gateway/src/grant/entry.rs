//! A grant as it lies in the cache, with everything prepared that each call would else format.

use std::{
    fmt::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue};

use crate::{
    grant::{ClientId, REFRESH_AFTER},
    identity::{Identity, claims},
    limit::{Application, QuotaState},
    policy::{ApplicationStatus, Change, Grant},
    problem::{Code, Problem},
};

/// How often a grant that is due for a refresh is asked for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

static SAME: [HeaderName; 5] = [
    HeaderName::from_static("mintreu-tenant"),
    HeaderName::from_static("mintreu-application"),
    HeaderName::from_static("mintreu-product"),
    HeaderName::from_static("mintreu-plan"),
    HeaderName::from_static("mintreu-key"),
];
static LOADS: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Entry {
    pub(super) id: ClientId,
    pub(crate) grant: Grant,
    pub(crate) quota: Arc<QuotaState>,
    pub(crate) application: Arc<Application>,
    pub(crate) fields: Fields,
    /// The identity token of calls with the scopes of the key. Keys that may do everything have one
    /// together with their application, which lies here too: that spares looking for it there.
    pub(crate) identity: ArcSwapOption<Identity>,
    /// Stands for all that an identity token says of the grant.
    pub(crate) claims: u64,
    /// Tells this load of the grant from every other.
    pub(crate) serial: u64,
    loaded: Instant,
    /// Milliseconds after `loaded` of the latest attempt to refresh, plus one.
    tried: AtomicU64,
}

/// Text that is the same for every call of the key, in one piece of memory: with many keys every
/// piece is one to wait for.
pub(crate) struct Fields {
    /// The lines of `SAME` as HTTP/1.1 has them, and the limits of the plan after them.
    text: Box<str>,
    /// Where the value of each lies.
    values: [(usize, usize); SAME.len()],
    lines: usize,
    pub(crate) database_url: Option<HeaderValue>,
}

impl Fields {
    fn new(grant: &Grant) -> Self {
        let database_url = grant.database_url.as_ref().and_then(|url| {
            let mut value = HeaderValue::from_str(url.expose()).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let values: [&dyn fmt::Display; SAME.len()] =
            [&grant.tenant_id, &grant.application_id, &grant.product_slug, &grant.plan_code, &grant.key_id];
        let mut text = String::new();
        let mut places = [(0, 0); SAME.len()];
        for ((name, value), place) in SAME.iter().zip(values).zip(&mut places) {
            let value = value.to_string();
            text.push_str(name.as_str());
            text.push_str(": ");
            let begin = text.len();
            // They are written to the wire as they are.
            if HeaderValue::from_str(&value).is_ok() {
                text.push_str(&value);
            }
            *place = (begin, text.len());
            text.push_str("\r\n");
        }
        let lines = text.len();
        let quota = &grant.quota;
        let window = (quota.period_end - quota.period_start).num_seconds().max(1);
        // Writing to a string does not fail.
        let _ = write!(text, "\"rate\";q={};w=1, \"quota\";q={};w={window}", grant.rate_per_second.max(1), quota.included);
        Self { text: text.into(), values: places, lines, database_url }
    }

    /// Those that differ from key to key only, as HTTP/1.1 has them.
    pub(crate) fn lines(&self) -> &str {
        self.text.get(..self.lines).unwrap_or_default()
    }

    /// The same one by one.
    pub(crate) fn same(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        SAME.iter().zip(&self.values).map(|(name, (begin, end))| (name, self.text.get(*begin..*end).unwrap_or_default()))
    }

    /// The value of `RateLimit-Policy`.
    pub(crate) fn limits(&self) -> &str {
        self.text.get(self.lines..).unwrap_or_default()
    }
}

/// Asks for all of a value, and waits for none of it.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "there is no hint without a pointer")]
pub(super) fn prefetch<T: ?Sized>(value: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    const LINE: usize = 64;
    let begin = std::ptr::from_ref(value).cast::<i8>();
    for offset in (0..size_of_val(value)).step_by(LINE) {
        // SAFETY: the address lies in the value, and a hint neither reads nor faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(begin.add(offset)) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn prefetch<T: ?Sized>(_: &T) {}

impl Entry {
    pub(super) fn new(id: ClientId, grant: Grant, quota: Arc<QuotaState>, application: Arc<Application>, period_over: bool) -> Self {
        Self {
            id,
            fields: Fields::new(&grant),
            claims: claims(&grant),
            grant,
            quota,
            application,
            identity: ArcSwapOption::empty(),
            serial: LOADS.fetch_add(1, Relaxed),
            loaded: Instant::now(),
            // A period that was over when we asked will not be new when we ask again at once.
            tried: AtomicU64::new(u64::from(period_over)),
        }
    }

    /// Has the processor bring everything that a call needs. With many keys none of it is in its cache:
    /// it comes together, while the secret is checked, and not piece by piece.
    pub(super) fn fetch(&self) {
        prefetch(self);
        prefetch(&*self.application);
        prefetch(&*self.quota);
        prefetch(&*self.fields.text);
        if let Some(identity) = self.identity.load().as_ref() {
            prefetch::<Identity>(identity);
        }
    }

    pub(super) fn age(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.loaded)
    }

    pub(super) fn refresh_after(&self) -> Duration {
        REFRESH_AFTER + Duration::from_secs(self.serial % REFRESH_AFTER.as_secs())
    }

    /// True for one caller a second.
    pub(super) fn may_refresh(&self, at: Instant) -> bool {
        let now = u64::try_from(self.age(at).as_millis()).unwrap_or(u64::MAX - 1) + 1;
        let tried = self.tried.load(Relaxed);
        let retry = u64::try_from(RETRY_AFTER.as_millis()).unwrap_or(u64::MAX);
        (tried == 0 || now.saturating_sub(tried) >= retry) && self.tried.compare_exchange(tried, now, Relaxed, Relaxed).is_ok()
    }

    pub(super) fn is_touched_by(&self, change: &Change) -> bool {
        match change {
            Change::Key(id) => self.grant.key_id == *id,
            Change::Application(id) => self.grant.application_id == *id,
            Change::Subscription(id) => self.grant.subscription_id == *id,
            Change::Tenant(id) => self.grant.tenant_id == *id,
            Change::Product(id) => self.grant.product_id == *id,
            Change::Everything => true,
        }
    }

    /// Whether the key itself is good, before what it may do.
    pub(crate) fn check_key(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        if self.grant.key_revoked {
            Err(Code::CredentialsInvalid.into())
        } else if self.grant.key_expires_at.is_some_and(|at| at <= now) {
            Err(Code::CredentialsExpired.into())
        } else {
            Ok(())
        }
    }

    /// Whether tenant, subscription and application are in a state to be served.
    pub(crate) fn check_standing(&self) -> Result<(), Problem> {
        let grant = &self.grant;
        Err(if grant.tenant_suspended {
            Code::TenantSuspended
        } else if !grant.subscription_live {
            Code::SubscriptionInactive
        } else {
            match grant.application_status {
                ApplicationStatus::Active => return Ok(()),
                ApplicationStatus::Suspended => Code::ApplicationSuspended,
                ApplicationStatus::Other => Code::ApplicationNotActive,
            }
        }
        .into())
    }
}
