//! Which address a call goes to: of two taken at random the one with the shorter queue, measured
//! as calls under way times latency (power of two choices). Addresses that are unhealthy, ejected
//! or have an open circuit are passed over. If no other is left, unhealthy and ejected ones are
//! tried all the same: the checks may be what is wrong. An open circuit is respected always, but
//! for one call a second.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    health::{Health, Millis},
    load::Load,
};
use crate::catalogue::{Address, Service};

/// Addresses that a call has been to.
#[derive(Clone, Copy, Default)]
pub(super) struct Tried(u64);

impl Tried {
    pub(super) fn add(&mut self, index: usize) {
        self.0 |= bit(index);
    }

    fn has(self, index: usize) -> bool {
        self.0 & bit(index) != 0
    }
}

fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(u64::MAX)
}

/// Nobody may be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nobody {
    /// When an open circuit lets the next call through.
    pub(super) wait: Option<Millis>,
}

pub(super) fn choose(service: &Arc<Service>, tried: Tried, now: Millis) -> Result<Load, Nobody> {
    match service.addresses.as_slice() {
        [only] if !tried.has(0) && only.health.circuit.is_closed() => Ok(Load::new(service, 0, false)),
        addresses => among(addresses, tried, now).map(|(index, trial)| Load::new(service, index, trial)),
    }
}

fn among(addresses: &[Address], tried: Tried, now: Millis) -> Result<(usize, bool), Nobody> {
    let count = addresses.len();
    let first = if count > 1 { fastrand::usize(..count) } else { 0 };
    let second = if count > 1 { (first + 1 + fastrand::usize(..count - 1)) % count } else { 0 };
    let health = |index: usize| addresses.get(index).filter(|_| !tried.has(index)).map(|address| &*address.health);
    let all = || (0..count).map(|offset| (first + offset) % count).filter_map(|index| Some((index, health(index)?)));

    let pair = [first, second].into_iter().filter_map(|index| Some((index, health(index)?)));
    // Who has served its ejection is tried again by one call, and by more when that goes well.
    let back = pair.clone().find(|(_, health)| !health.is_unhealthy() && !health.is_ejected(now) && health.circuit.try_trial(now));
    if let Some((index, _)) = back {
        return Ok((index, true));
    }
    let chosen = cheapest(pair.filter(|(_, health)| health.is_available(now)), now)
        .or_else(|| cheapest(all().filter(|(_, health)| health.is_available(now)), now))
        .or_else(|| cheapest(all().filter(|(_, health)| health.circuit.is_closed()), now));
    if let Some(index) = chosen {
        return Ok((index, false));
    }
    match all().find(|(_, health)| health.circuit.try_trial(now)) {
        Some((index, _)) => Ok((index, true)),
        None => Err(Nobody { wait: all().filter_map(|(_, health)| health.circuit.wait(now)).min() }),
    }
}

fn cheapest<'a>(candidates: impl Iterator<Item = (usize, &'a Health)>, now: Millis) -> Option<usize> {
    candidates
        .reduce(|best, next| {
            let better = match (best.1.cost(now), next.1.cost(now)) {
                (Some(best), Some(next)) => next < best,
                _ => next.1.in_flight.load(Relaxed) < best.1.in_flight.load(Relaxed),
            };
            if better { next } else { best }
        })
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn addresses(count: usize) -> Vec<Address> {
        (0..count).map(|port| Address::parse(&format!("http://a:{}", port + 1).parse().unwrap(), Arc::default()).unwrap()).collect()
    }

    /// How often each was chosen in a thousand calls.
    fn spread(addresses: &[Address], now: Millis) -> Vec<usize> {
        let mut counts = vec![0; addresses.len()];
        for _ in 0..1_000 {
            counts[among(addresses, Tried::default(), now).unwrap().0] += 1;
        }
        counts
    }

    fn open(address: &Address, now: Millis) {
        address.health.circuit.failed(1, now);
    }

    #[test]
    fn equals_share_the_calls() {
        assert!(spread(&addresses(4), 1).into_iter().all(|count| (150..350).contains(&count)));
    }

    #[test]
    fn the_quicker_and_the_less_busy_get_more() {
        let addresses = addresses(4);
        for (address, latency) in addresses.iter().zip([1, 2, 2, 50]) {
            address.health.measured(Duration::from_millis(latency), 1);
        }
        let counts = spread(&addresses, 1);
        assert!(counts[0] > 400 && counts[3] == 0, "{counts:?}");
        addresses[0].health.in_flight.store(100, Relaxed);
        let counts = spread(&addresses, 1);
        assert!(counts[0] == 0 && counts[1] > 300 && counts[2] > 300 && counts[3] > 100, "{counts:?}");
    }

    #[test]
    fn unhealthy_and_ejected_addresses_are_passed_over_until_none_is_left() {
        let addresses = addresses(3);
        addresses[1].health.eject(Duration::from_secs(1), 1);
        open(&addresses[2], 1);
        assert_eq!(spread(&addresses, 2), [1_000, 0, 0]);
        addresses[0].health.eject(Duration::from_secs(1), 1);
        let counts = spread(&addresses, 2);
        // The one after the closed one is begun with twice as often.
        assert!(counts[0] > 200 && counts[1] > 200 && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn open_circuits_are_respected_even_when_nothing_else_is_left() {
        let addresses = addresses(2);
        for address in &addresses {
            open(address, 1);
        }
        assert_eq!(among(&addresses, Tried::default(), 501), Err(Nobody { wait: Some(500) }));
        let through = (1..=3_000).filter(|now| among(&addresses, Tried::default(), *now).is_ok()).count();
        assert_eq!(through, 4);
    }

    #[test]
    fn an_address_comes_back_by_one_call_after_its_ejection() {
        let addresses = addresses(2);
        open(&addresses[0], 1);
        addresses[0].health.eject(Duration::from_secs(5), 1);
        let to_it =
            |from: Millis, until: Millis| (from..until).filter(|now| among(&addresses, Tried::default(), *now) == Ok((0, true))).count();
        assert_eq!(to_it(1, 5_001), 0);
        assert_eq!(to_it(5_001, 5_900), 1);
        addresses[0].health.circuit.succeeded();
        assert!(spread(&addresses, 6_000)[0] > 300);
    }

    #[test]
    fn a_call_goes_nowhere_twice() {
        let addresses = addresses(3);
        let mut tried = Tried::default();
        let mut seen = Vec::new();
        while let Ok((index, _)) = among(&addresses, tried, 1) {
            tried.add(index);
            seen.push(index);
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    }
}
