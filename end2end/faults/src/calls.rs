//! Calls that go on while something else is done, and what became of them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{company::Caller, platform::eventually};

const PATH: &str = "/v1/echo/x";

#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub began: Instant,
    pub took: Duration,
    pub status: u16,
}

/// Calls on several connections for each caller.
#[derive(Debug)]
pub struct Calling {
    began: Instant,
    stopped: Arc<AtomicBool>,
    calls: Arc<Mutex<Vec<Call>>>,
    lanes: JoinSet<()>,
}

impl Calling {
    /// Goes on until it is stopped.
    pub fn start(callers: &[Caller], lanes: usize) -> Self {
        Self::of(callers, lanes, usize::MAX)
    }

    /// So many calls by each lane.
    pub fn of(callers: &[Caller], lanes: usize, each: usize) -> Self {
        let (stopped, calls) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Call>>>::default());
        let mut calling = Self { began: Instant::now(), stopped, calls, lanes: JoinSet::new() };
        for caller in callers.iter().flat_map(|caller| std::iter::repeat_n(caller, lanes)) {
            let (caller, stopped, calls) = (caller.clone(), Arc::clone(&calling.stopped), Arc::clone(&calling.calls));
            calling.lanes.spawn(async move {
                for _ in 0..each {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    let began = Instant::now();
                    let answer = caller.call(PATH).await;
                    let (status, took) = (answer.status().as_u16(), began.elapsed());
                    // The whole answer, so that the connection can be used again.
                    answer.bytes().await.unwrap();
                    list(&calls).push(Call { began, took, status });
                }
            });
        }
        calling
    }

    /// Waits until a call was answered that began so long after now.
    pub async fn lasts(&self, time: Duration) {
        let until = Instant::now() + time;
        eventually("the calls go on", async || list(&self.calls).last().is_some_and(|call| call.began >= until)).await;
    }

    pub async fn stop(self) -> Calls {
        self.stopped.store(true, Ordering::Relaxed);
        self.end().await
    }

    /// Waits until every lane has made its calls.
    pub async fn end(mut self) -> Calls {
        while let Some(lane) = self.lanes.join_next().await {
            lane.unwrap();
        }
        Calls { calls: std::mem::take(&mut list(&self.calls)), lasted: self.began.elapsed() }
    }
}

fn list(calls: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub struct Calls {
    pub calls: Vec<Call>,
    pub lasted: Duration,
}

impl Calls {
    pub fn with(&self, status: u16) -> usize {
        self.calls.iter().filter(|call| call.status == status).count()
    }

    /// How many calls ended how.
    pub fn statuses(&self) -> BTreeMap<u16, usize> {
        self.calls.iter().fold(BTreeMap::new(), |mut counts, call| {
            *counts.entry(call.status).or_default() += 1;
            counts
        })
    }

    /// What a rate allows in that time.
    pub fn allowed(&self, (rate, burst): (u32, u32)) -> f64 {
        f64::from(burst) + f64::from(rate) * self.lasted.as_secs_f64()
    }

    /// The time that half of the calls took which began between the two.
    pub fn median(&self, from: Instant, to: Instant) -> Duration {
        let mut times: Vec<_> = self.calls.iter().filter(|call| (from..to).contains(&call.began)).map(|call| call.took).collect();
        times.sort_unstable();
        times[times.len() / 2]
    }
}
