//! Attempts are limited per network, strictly per account and network, and loosely per account, so
//! that guessing is slow and nobody who guesses locks the account's owner out.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DashMapStateStore};

use crate::{Error, Result};

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

#[derive(Debug)]
pub struct Throttle {
    network: Limiter,
    account_from_network: Limiter,
    account: Limiter,
}

/// Entries above which those that have recovered are dropped.
const MANY: usize = 50_000;

fn limiter(burst: u32, every: Duration) -> Limiter {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(every).unwrap_or_else(|| Quota::per_minute(burst)).allow_burst(burst);
    RateLimiter::keyed(quota)
}

fn check(limiter: &Limiter, key: &String) -> Result<()> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|until| Error::Throttled { retry_after: until.wait_time_from(DefaultClock::default().now()) })
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            network: limiter(60, Duration::from_secs(2)),
            account_from_network: limiter(10, Duration::from_secs(30)),
            account: limiter(100, Duration::from_secs(6)),
        }
    }

    /// Counts one attempt of `action` (log-in, reset, …) on `account` from `address`.
    pub(crate) fn attempt(&self, action: &str, account: &str, address: Option<IpAddr>) -> Result<()> {
        // An IPv6 customer has a /64.
        let network = match address {
            Some(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}:")
            }
            Some(address) => address.to_string(),
            None => String::new(),
        };
        if !network.is_empty() {
            check(&self.network, &network)?;
        }
        check(&self.account_from_network, &format!("{action} {account} {network}"))?;
        check(&self.account, &format!("{action} {account}"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn attempts(throttle: &Throttle, account: &str, networks: std::ops::Range<u32>) -> usize {
        networks.filter(|&network| throttle.attempt("log-in", account, Some(Ipv4Addr::from(network).into())).is_ok()).count()
    }

    #[test]
    fn who_guesses_from_one_network_does_not_lock_out_another() {
        let throttle = Throttle::new();
        let guesser = Some(Ipv4Addr::new(203, 0, 113, 9).into());
        let passed = (0..20).filter(|_| throttle.attempt("log-in", "ines@people.test", guesser).is_ok()).count();
        assert_eq!(passed, 10);
        throttle.attempt("log-in", "ines@people.test", Some(Ipv4Addr::new(198, 51, 100, 7).into())).unwrap();
    }

    #[test]
    fn guessing_from_many_networks_ends_too() {
        let throttle = Throttle::new();
        assert_eq!(attempts(&throttle, "ines@people.test", 0..300), 100);
        assert_eq!(attempts(&throttle, "sam@people.test", 0..1), 1);
    }
}
