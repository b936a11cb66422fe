//! Rates that replicas share by Redis. Each call is one question: a script that does there what
//! [`Rate`] does here, by the clock of Redis, so that it is exact whoever asks. The answer is
//! remembered, and so a call that is known to be too early is refused without a question.
//!
//! One question that fails or is late closes the line; until a probe gets an answer again each
//! replica goes on by itself from what it remembers, with its part of the rate. What it then knows it
//! tells with its next question, so that a Redis that forgot everything admits nothing twice.

use std::{
    fmt, io,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use redis::{AsyncConnectionConfig, RedisError, RedisResult, Script, aio::MultiplexedConnection};
use tokio::{
    runtime,
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Rate;

const PREFIX: &str = "mintreu:rate:";
/// No call waits longer for an answer.
const ANSWERS_WITHIN: Duration = Duration::from_millis(20);
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Arguments: the rate, the burst, and by how many microseconds due is ahead as far as the asker
/// knows. Answers whether the call is admitted, and by how many due is ahead then.
const SCRIPT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local step, room = 1000000 / ARGV[1], 1000000 * ARGV[2] / ARGV[1]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now + ARGV[3])
if due + step > now + room then return {0, due - now} end
due = due + step
redis.call('SET', KEYS[1], due, 'PX', math.ceil((due - now) / 1000))
return {1, due - now}
";

#[derive(Debug, thiserror::Error)]
pub enum RateStoreError {
    #[error("{0}")]
    Failed(#[from] RedisError),
    #[error("it could not be reached within a second")]
    Unreachable,
    #[error("it did not answer within {} ms", ANSWERS_WITHIN.as_millis())]
    Late,
}

/// The Redis by which replicas share rates.
#[derive(Clone)]
pub struct RateStore(redis::Client);

impl fmt::Debug for RateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RateStore").field(&self.0.get_connection_info().addr()).finish()
    }
}

impl FromStr for RateStore {
    type Err = RateStoreError;

    /// Reads `redis://user:password@host:6379/0`.
    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Ok(Self(redis::Client::open(url)?))
    }
}

impl RateStore {
    /// Whether it answers as soon as calls need it to.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn check(&self) -> Result<(), RateStoreError> {
        self.connect(&Script::new(SCRIPT)).await.map(drop)
    }

    /// A line to it by which the script was seen to run.
    async fn connect(&self, script: &Script) -> Result<MultiplexedConnection, RateStoreError> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connecting = self.0.get_multiplexed_async_connection_with_config(&config);
        let mut line = timeout(CONNECTS_WITHIN, connecting).await.map_err(|_| RateStoreError::Unreachable)??;
        let mut question = script.key(format!("{PREFIX}probe"));
        let answer: RedisResult<(u8, u64)> = timeout(ANSWERS_WITHIN, question.arg(1_000).arg(1_000).arg(0).invoke_async(&mut line))
            .await
            .map_err(|_| RateStoreError::Late)?;
        answer?;
        Ok(line)
    }
}

/// What is told of the sharing.
#[derive(Debug, Default)]
pub(crate) struct RatesStatus {
    pub(crate) shared: bool,
    /// How often it ended.
    pub(crate) losses: u64,
    /// Among how many a rate is divided while it is not shared.
    pub(crate) replicas: u32,
}

struct State {
    store: RateStore,
    script: Script,
    /// `None` while Redis cannot be asked.
    line: ArcSwapOption<MultiplexedConnection>,
    lost: Notify,
    losses: AtomicU64,
}

pub(crate) struct Shared {
    state: Arc<State>,
    /// Gateways that live, this one included.
    replicas: AtomicU32,
    _keeper: DropGuard,
}

impl Shared {
    /// The line has a thread of its own: neither pages nor SQL can make an answer late.
    pub(crate) fn start(store: RateStore) -> io::Result<Self> {
        let script = Script::new(SCRIPT);
        let state = State { store, script, line: ArcSwapOption::empty(), lost: Notify::new(), losses: AtomicU64::new(0) };
        let (state, ended) = (Arc::new(state), CancellationToken::new());
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("rates".to_owned()).spawn({
            let (state, ended) = (Arc::clone(&state), ended.clone());
            move || {
                runtime.block_on(ended.run_until_cancelled(state.keep()));
            }
        })?;
        Ok(Self { state, replicas: AtomicU32::new(1), _keeper: ended.drop_guard() })
    }

    pub(crate) fn set_replicas(&self, number: u32) {
        self.replicas.store(number.max(1), Relaxed);
    }

    /// # Errors
    /// How long to wait until the next call is admitted.
    pub(crate) async fn admit(&self, rate: &Rate) -> Result<(), Duration> {
        let Some(line) = self.state.line.load_full() else { return rate.admit(self.replicas.load(Relaxed)) };
        rate.look()?;
        let sent = rate.now();
        match self.state.ask(&line, rate, sent).await {
            Ok((admitted, ahead)) => {
                rate.learn(sent, ahead);
                if admitted { Ok(()) } else { Err(rate.look().err().unwrap_or(Duration::from_nanos(1))) }
            }
            Err(error) => {
                self.state.lose(&line, &error);
                rate.admit(self.replicas.load(Relaxed))
            }
        }
    }

    pub(super) fn status(&self) -> RatesStatus {
        RatesStatus {
            shared: self.state.line.load().is_some(),
            losses: self.state.losses.load(Relaxed),
            replicas: self.replicas.load(Relaxed),
        }
    }
}

impl State {
    /// Keeps a line to Redis, for ever.
    async fn keep(&self) {
        let mut told = false;
        let mut probes = interval(PROBE_EVERY);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            probes.tick().await;
            match self.store.connect(&self.script).await {
                Ok(line) => {
                    tracing::info!("rates are shared by Redis");
                    self.line.store(Some(Arc::new(line)));
                    self.lost.notified().await;
                    told = true;
                }
                Err(error) if !told => {
                    tracing::warn!(%error, "Redis cannot be asked: each replica limits rates by itself");
                    told = true;
                }
                Err(error) => tracing::debug!(%error, "Redis still cannot be asked"),
            }
        }
    }

    async fn ask(&self, line: &MultiplexedConnection, rate: &Rate, now: u64) -> Result<(bool, Duration), RateStoreError> {
        // By as much as the way there may take, what is known would push itself ahead.
        let known = rate.ahead(now).saturating_sub(ANSWERS_WITHIN);
        let (per_second, burst) = (rate.per_second(), rate.burst());
        // Another rate is another key: it begins anew here too.
        let mut question = self.script.key(format!("{PREFIX}{}:{per_second}:{burst}", rate.application));
        question.arg(per_second).arg(burst).arg(u64::try_from(known.as_micros()).unwrap_or(0));
        let mut line = line.clone();
        let answer: RedisResult<(bool, u64)> =
            timeout(ANSWERS_WITHIN, question.invoke_async(&mut line)).await.map_err(|_| RateStoreError::Late)?;
        let (admitted, ahead) = answer?;
        Ok((admitted, Duration::from_micros(ahead)))
    }

    /// The first who notices says so.
    fn lose(&self, line: &Arc<MultiplexedConnection>, error: &RateStoreError) {
        let seen = self.line.compare_and_swap(line, None);
        if seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, line)) {
            self.losses.fetch_add(1, Relaxed);
            tracing::warn!(%error, "Redis cannot be asked: each replica limits rates by itself");
            self.lost.notify_one();
        }
    }
}
