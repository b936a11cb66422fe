//! Time and randomness, passed in. Business time (subscriptions, periods, retention) may be ahead
//! of the system's: the test clock. Tokens, sessions and throttles live on the system's.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use std::sync::Mutex;
use uuid::Uuid;

/// Cheap to clone; clones share the distance to the system's time.
#[derive(Clone)]
pub struct Clock {
    system: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    ahead_seconds: Arc<AtomicI64>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("ahead_seconds", &self.ahead_seconds).finish_non_exhaustive()
    }
}

impl Clock {
    /// The system's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// A clock of the caller's; for tests.
    pub fn from_fn(system: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { system: Arc::new(system), ahead_seconds: Arc::new(AtomicI64::new(0)) }
    }

    /// Business time, to the microsecond (what both databases keep).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.at(self.ahead_seconds.load(Ordering::Relaxed))
    }

    /// The system's time, to the microsecond.
    #[must_use]
    pub fn system_now(&self) -> DateTime<Utc> {
        self.at(0)
    }

    fn at(&self, ahead_seconds: i64) -> DateTime<Utc> {
        let system = (self.system)();
        let micros = system.timestamp_micros().saturating_add(ahead_seconds.saturating_mul(1_000_000));
        DateTime::from_timestamp_micros(micros).unwrap_or(system)
    }

    #[must_use]
    pub fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::Relaxed)
    }

    /// Moves business time forward to that far ahead; never back, whoever comes first.
    pub(crate) fn move_ahead_to(&self, seconds: i64) {
        self.ahead_seconds.fetch_max(seconds, Ordering::Relaxed);
    }

    pub fn set_ahead_seconds(&self, seconds: i64) {
        self.ahead_seconds.store(seconds, Ordering::Relaxed);
    }
}

/// A source of randomness: the system's, or seeded so that a run can be repeated.
#[derive(Clone)]
pub struct Random(Arc<Mutex<State>>);

struct State {
    rng: StdRng,
    /// The latest id, so that the next of the same millisecond comes after it.
    latest: Uuid,
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// Seeded by the operating system (`ChaCha12`, a cryptographic generator).
    #[must_use]
    pub fn system() -> Self {
        Self::from_rng(StdRng::from_os_rng())
    }

    /// The same numbers for the same seed; for demonstrations, never for secrets that guard
    /// anything.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::from_rng(StdRng::seed_from_u64(seed))
    }

    fn from_rng(rng: StdRng) -> Self {
        Self(Arc::new(Mutex::new(State { rng, latest: Uuid::nil() })))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut state)
    }

    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|state| state.rng.fill_bytes(&mut bytes));
        bytes
    }

    /// A number in `0..below`.
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        self.with(|state| state.rng.random_range(0..below.max(1)))
    }

    /// A `UUIDv7` of `now`; later ones of the same millisecond sort after earlier ones.
    #[must_use]
    pub fn uuid(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        self.with(|state| {
            let mut bytes = [0; 10];
            state.rng.fill_bytes(&mut bytes);
            let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
            let (fresh_bits, latest_bits) = (fresh.as_u128(), state.latest.as_u128());
            let id = if fresh_bits >> 80 == latest_bits >> 80 && fresh_bits <= latest_bits {
                Uuid::from_u128(latest_bits + 1 + u128::from(state.rng.next_u32()))
            } else {
                fresh
            };
            state.latest = id;
            id
        })
    }
}
