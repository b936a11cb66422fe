//! What every worker shares, and what each has for itself. A worker's connections and ledger are
//! its own, so that its locks are never contended.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    cache::Store,
    catalogue::{Compiled, Known},
    grant::Grants,
    journal::{Journal, Ledger},
    limit::Limits,
    metrics::Metrics,
    policy::Clock,
    refusals::Refusals,
    settings::Settings,
    tls::Connectors,
    token::{AccessTokens, Signer},
    upstream::Pool,
};

pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) signer: Signer,
    pub(crate) tokens: AccessTokens,
    pub(crate) catalogue: ArcSwap<Compiled>,
    pub(crate) known: Known,
    pub(crate) cache: Arc<Store>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) journal: Journal,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: Refusals,
    pub(crate) connectors: Connectors,
}

pub(crate) struct WorkerState {
    pub(crate) core: Arc<Core>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) ledger: Arc<Ledger>,
}

pub(crate) type Worker = Arc<WorkerState>;

pub(crate) fn worker(core: Arc<Core>) -> Worker {
    let ledger = core.journal.ledger();
    Arc::new(WorkerState { core, pool: Arc::default(), ledger })
}
