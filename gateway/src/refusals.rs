//! Refused calls of applications by code, for analytics: best effort, in memory until the next flush.
//! Only a refusal touches it. Bounded: what does not fit is not counted.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

use mintreu_model::id::ApplicationId;

use crate::problem::Code;

const SHARDS: usize = 16;
/// Applications and codes of one shard between two flushes.
const SHARD_HOLDS: usize = 1_024;

/// Calls of one application that were refused for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub application_id: ApplicationId,
    /// The stable code that the client was told.
    pub code: &'static str,
    pub calls: u64,
}

type Shard = Mutex<HashMap<(ApplicationId, &'static str), u64>>;

#[derive(Default)]
pub(crate) struct Refusals([Shard; SHARDS]);

impl Refusals {
    pub(crate) fn add(&self, application: ApplicationId, code: Code) {
        self.put(&Refused { application_id: application, code: code.as_str(), calls: 1 });
    }

    /// Everything since the last time.
    pub(crate) fn take(&self) -> Vec<Refused> {
        let shards = self.0.iter().map(|shard| mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner)));
        shards.flatten().map(|((application_id, code), calls)| Refused { application_id, code, calls }).collect()
    }

    /// Takes back what could not be handed over.
    pub(crate) fn put(&self, refused: &Refused) {
        let place = usize::from(refused.application_id.uuid().as_bytes().last().copied().unwrap_or(0)) % SHARDS;
        let Some(shard) = self.0.get(place) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (refused.application_id, refused.code);
        if let Some(calls) = shard.get_mut(&key) {
            *calls = calls.saturating_add(refused.calls);
        } else if shard.len() < SHARD_HOLDS {
            shard.insert(key, refused.calls);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn refusals_are_summed_taken_once_and_bounded() {
        let refusals = Refusals::default();
        let application = |number: u128| ApplicationId(Uuid::from_u128(number << 64));
        for _ in 0..3 {
            refusals.add(application(1), Code::RateLimited);
        }
        refusals.add(application(1), Code::QuotaExhausted);
        let mut taken = refusals.take();
        taken.sort_unstable_by_key(|refused| refused.calls);
        assert_eq!(
            taken.iter().map(|refused| (refused.code, refused.calls)).collect::<Vec<_>>(),
            [("quota_exhausted", 1), ("rate_limited", 3)]
        );
        assert!(refusals.take().is_empty());
        refusals.put(&taken[1]);
        refusals.add(application(1), Code::RateLimited);
        for number in 2..5_000 {
            refusals.add(application(number), Code::IpNotAllowed);
        }
        let taken = refusals.take();
        assert_eq!(taken.len(), SHARD_HOLDS, "all of them are in one shard");
        assert!(taken.iter().any(|refused| refused.calls == 4));
    }
}
