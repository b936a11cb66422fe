//! Attempts are limited per account and per address, so that guessing is slow and nobody can lock
//! another person out for long.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DashMapStateStore};

use crate::{Error, Result};

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

#[derive(Debug)]
pub struct Throttle {
    account: Limiter,
    address: Limiter,
}

/// Entries above which those that have recovered are dropped.
const MANY: usize = 50_000;

fn limiter(burst: u32, every: Duration) -> Limiter {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(every).unwrap_or_else(|| Quota::per_minute(burst)).allow_burst(burst);
    RateLimiter::keyed(quota)
}

fn check(limiter: &Limiter, key: String) -> Result<()> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    limiter.check_key(&key).map_err(|until| Error::Throttled { retry_after: until.wait_time_from(DefaultClock::default().now()) })
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { account: limiter(10, Duration::from_secs(30)), address: limiter(60, Duration::from_secs(2)) }
    }

    /// Counts one attempt of `action` (log-in, reset, …) on `account` from `address`.
    pub(crate) fn attempt(&self, action: &str, account: &str, address: Option<IpAddr>) -> Result<()> {
        // An IPv6 customer has a /64.
        let network = match address {
            Some(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
                v6.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
            }
            Some(address) => address.to_string(),
            None => String::new(),
        };
        if !network.is_empty() {
            check(&self.address, network)?;
        }
        check(&self.account, format!("{action} {account}"))
    }
}
