//! Units of a quota that this process holds. They are taken from the shared store some at a time, so
//! that calls need no round trip, and what lies idle goes back for the others.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{Limits, QuotaState, Reservation};
use crate::policy::{Grant, LeaseGranted, LeaseRequest, SourceUnavailable};

/// A store that takes longer counts as away.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a refusal holds before the store is asked again: others may have given units back.
const REFUSED_FOR: Duration = Duration::from_millis(200);

/// Why there is no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoUnit {
    Exhausted,
    /// The store cannot be asked, and what was leased is used up.
    Away,
}

#[derive(Debug, Default)]
pub(crate) struct Lease {
    units: AtomicU64,
    /// What nobody held when the store was last asked.
    elsewhere: AtomicU64,
    /// Units of the latest lease.
    size: AtomicU64,
    asking: tokio::sync::Mutex<()>,
    refills: AtomicBool,
    refused: Mutex<Option<(Instant, NoUnit)>>,
}

impl Lease {
    pub(super) fn take(&self) -> Option<()> {
        self.units.fetch_update(Relaxed, Relaxed, |units| units.checked_sub(1)).ok().map(|_| ())
    }

    pub(super) fn add(&self, units: u64) {
        self.units.fetch_add(units, Relaxed);
    }

    fn extend(&self, granted: LeaseGranted) {
        self.elsewhere.store(granted.left, Relaxed);
        if granted.units > 0 {
            self.size.store(granted.units, Relaxed);
            self.add(granted.units);
        }
    }

    pub(super) fn left_to_all(&self) -> u64 {
        self.units.load(Relaxed).saturating_add(self.elsewhere.load(Relaxed))
    }

    /// Whether it is time to ask for more before anybody has to wait.
    fn runs_low(&self) -> bool {
        self.elsewhere.load(Relaxed) > 0 && self.units.load(Relaxed) < self.size.load(Relaxed) / 4
    }

    fn refused(&self) -> Option<NoUnit> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.filter(|(at, _)| at.elapsed() < REFUSED_FOR).map(|(_, why)| why)
    }

    fn refuse(&self, why: NoUnit) -> NoUnit {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), why));
        why
    }
}

impl Limits {
    /// Takes one unit, from the shared store when there is one and nothing is left here.
    pub(crate) async fn reserve(self: &Arc<Self>, grant: &Grant, state: &Arc<QuotaState>) -> Result<Reservation, NoUnit> {
        let unit = state.reserve(&grant.quota, self.are_leased());
        let Some(store) = &self.store else { return unit.ok_or(NoUnit::Exhausted) };
        if let Some(unit) = unit {
            if state.lease.runs_low() && !state.lease.refills.swap(true, Relaxed) {
                let (limits, request, state) = (Arc::clone(self), LeaseRequest::of(grant, store.replica), Arc::clone(state));
                tokio::spawn(async move {
                    let asking = state.lease.asking.lock().await;
                    let _ = limits.ask(request, &state).await;
                    state.lease.refills.store(false, Relaxed);
                    drop(asking);
                });
            }
            return Ok(unit);
        }
        loop {
            let asking = state.lease.asking.lock().await;
            // Whoever asked meanwhile may have brought enough, or heard that there is nothing.
            if let Some(unit) = state.reserve(&grant.quota, true) {
                return Ok(unit);
            }
            if let Some(why) = state.lease.refused() {
                return Err(why);
            }
            self.ask(LeaseRequest::of(grant, store.replica), state).await?;
            if let Some(unit) = state.reserve(&grant.quota, true) {
                return Ok(unit);
            }
            drop(asking);
        }
    }

    /// Asks in a task of its own: what is given when the asker has left, or waited for too long, is
    /// there for the next.
    async fn ask(&self, request: LeaseRequest, state: &Arc<QuotaState>) -> Result<(), NoUnit> {
        let Some(store) = &self.store else { return Err(NoUnit::Exhausted) };
        let (source, asking) = (Arc::clone(&store.source), Arc::clone(state));
        let asked = tokio::spawn(async move {
            let granted = source.lease(&request).await?;
            asking.lease.extend(granted);
            Ok::<_, SourceUnavailable>(granted.units)
        });
        match timeout(ASK_TIMEOUT, asked).await {
            Ok(Ok(Ok(0))) => Err(state.lease.refuse(NoUnit::Exhausted)),
            Ok(Ok(Ok(_))) => Ok(()),
            _ => Err(state.lease.refuse(NoUnit::Away)),
        }
    }

    /// Gives back what nobody asked for since the last time; with `all`, everything.
    pub(crate) async fn give_back(&self, all: bool) {
        let Some(store) = &self.store else { return };
        let idle: Vec<_> = {
            let quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
            let is_idle = |state: &QuotaState| (state.was_idle() || all) && state.lease.units.load(Relaxed) > 0;
            let quotas = quotas.iter().filter(|(_, period)| is_idle(&period.state));
            quotas.map(|(key, period)| (*key, Arc::clone(&period.state))).collect()
        };
        for ((subscription_id, period_start), state) in idle {
            // What was taken and is not known to have gone back is gone for this process: a unit that
            // lies idle harms less than one that is used twice.
            let take = Box::new(move || state.lease.units.swap(0, Relaxed));
            if let Err(error) = store.source.give_back(store.replica, subscription_id, period_start, take).await {
                tracing::warn!(%subscription_id, %error, "idle units of quotas could not be given back");
                return;
            }
        }
    }
}
