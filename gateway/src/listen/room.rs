//! How many connections there may be: in the process, from one address, and agreeing on TLS.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::settings::Settings;

/// A handshake costs a signature and tens of kilobytes.
const HANDSHAKES: usize = 256;

pub(super) struct Room {
    connections: Arc<Semaphore>,
    handshakes: Semaphore,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    per_address: usize,
    /// Proxies that speak for many.
    unbounded: Vec<IpNet>,
}

/// A connection's place among those of its address.
pub(super) struct Seat {
    room: Arc<Room>,
    address: Option<IpAddr>,
}

impl Room {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(settings.max_connections.max(1))),
            handshakes: Semaphore::new(HANDSHAKES),
            addresses: Mutex::default(),
            per_address: settings.max_connections_per_address.max(1),
            unbounded: settings.trusted_proxies.clone(),
        }
    }

    /// A seat, unless the address has too many.
    pub(super) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Seat> {
        let ip = ip.to_canonical();
        if self.unbounded.iter().any(|network| network.contains(&ip)) {
            return Some(Seat { room: Arc::clone(self), address: None });
        }
        let address = network(ip);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = addresses.entry(address).or_default();
        if *taken >= self.per_address {
            return None;
        }
        *taken += 1;
        Some(Seat { room: Arc::clone(self), address: Some(address) })
    }

    /// Waits until the process has room for one more.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    pub(super) async fn handshake(&self) -> Option<SemaphorePermit<'_>> {
        self.handshakes.acquire().await.ok()
    }
}

/// Whoever has one address of IPv6 has its whole /64.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        IpAddr::V4(_) => ip,
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut addresses = self.room.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = addresses.get_mut(&address) {
            *taken -= 1;
            if *taken == 0 {
                addresses.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_so_many_seats_and_a_trusted_proxy_as_many_as_it_likes() {
        let settings =
            Settings { max_connections_per_address: 2, trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Settings::default() };
        let room = Arc::new(Room::new(&settings));
        let admit = |ip: &str| room.admit(ip.parse().unwrap());
        let first = admit("192.0.2.1");
        let _second = admit("::ffff:192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_none());
        drop(first);
        assert!(admit("192.0.2.1").is_some());
        let _same_network = [admit("2001:db8::1").unwrap(), admit("2001:db8::ffff:1").unwrap()];
        assert!(admit("2001:db8::2").is_none());
        assert!(admit("2001:db8:0:1::2").is_some());
        let proxied: Vec<_> = (0..5).map(|_| admit("10.1.2.3").unwrap()).collect();
        drop(proxied);
    }
}
