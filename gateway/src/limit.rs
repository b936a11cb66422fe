//! Rate limits and quotas: state that outlives the grants it is reached from. A grant that is
//! dropped and loaded again finds the same counters here, so that nothing admitted is forgotten.

mod lease;
mod quota;
mod rate;
mod shared;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use mintreu_model::id::{ApplicationId, SubscriptionId};
use uuid::Uuid;

pub(crate) use lease::NoUnit;
pub(crate) use quota::{QuotaState, Reservation};
pub(crate) use rate::Rate;
pub use shared::{RateStore, RateStoreError};
pub(crate) use shared::{RatesStatus, Shared};

use crate::{
    identity::Identity,
    policy::{Grant, PolicySource},
};

/// The counter of one period of one subscription.
struct Period {
    end: DateTime<Utc>,
    state: Arc<QuotaState>,
}

/// What the keys of one application have in common.
pub(crate) struct Application {
    pub(crate) rate: Rate,
    /// The identity token of calls that may do everything.
    pub(crate) identity: ArcSwapOption<Identity>,
}

/// The shared store, and under which name this process leases.
pub(crate) struct Store {
    pub(crate) source: Arc<dyn PolicySource>,
    pub(crate) replica: Uuid,
}

/// Looked at when a grant is loaded, never on the way of a call.
pub(crate) struct Limits {
    /// Where units of quotas are leased; `None`: this process is alone.
    store: Option<Store>,
    quotas: Mutex<HashMap<(SubscriptionId, DateTime<Utc>), Period>>,
    applications: Mutex<HashMap<ApplicationId, Arc<Application>>>,
    /// By what rates are shared; `None`: each process limits them for itself.
    pub(crate) shared: Option<Shared>,
}

impl Limits {
    pub(crate) fn new(store: Option<Store>, shared: Option<Shared>) -> Self {
        Self { store, quotas: Mutex::default(), applications: Mutex::default(), shared }
    }

    pub(crate) fn are_leased(&self) -> bool {
        self.store.is_some()
    }

    /// The counter of the grant's period. The first sight of it takes over what the control plane
    /// has counted; later sights only ever raise it, because this process has also counted what
    /// is not yet handed over.
    pub(crate) fn quota(&self, grant: &Grant) -> Arc<QuotaState> {
        let key = (grant.subscription_id, grant.quota.period_start);
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        let end = grant.quota.period_end;
        let period = quotas.entry(key).or_insert_with(|| Period { end, state: Arc::default() });
        period.end = end;
        period.state.seen_elsewhere(grant.quota.used);
        Arc::clone(&period.state)
    }

    /// The application, its limiter with it; a plan with another rate begins a fresh one.
    pub(crate) fn application(&self, grant: &Grant) -> Arc<Application> {
        let mut applications = self.applications.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let rate = Rate::new(grant.application_id, grant.rate_per_second, grant.burst);
            Arc::new(Application { rate, identity: ArcSwapOption::empty() })
        };
        let application = applications.entry(grant.application_id).or_insert_with(fresh);
        if !application.rate.is_of(grant.rate_per_second, grant.burst) {
            *application = fresh();
        }
        Arc::clone(application)
    }

    /// # Errors
    /// How long to wait until the next call is admitted.
    pub(crate) async fn admit(&self, rate: &Rate) -> Result<(), Duration> {
        match &self.shared {
            None => rate.admit(1),
            // Boxed, so that calls do not carry its room where rates are not shared.
            Some(shared) => Box::pin(shared.admit(rate)).await,
        }
    }

    pub(crate) fn rates_status(&self) -> RatesStatus {
        self.shared.as_ref().map(Shared::status).unwrap_or_default()
    }

    /// Forgets periods that ended a day ago and limiters that no grant uses.
    pub(crate) fn prune(&self, now: DateTime<Utc>) {
        let long_ago = now - TimeDelta::days(1);
        self.quotas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, period| period.end > long_ago || Arc::strong_count(&period.state) > 1);
        self.applications
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, application| Arc::strong_count(application) > 1 || !application.rate.is_rested());
    }
}
