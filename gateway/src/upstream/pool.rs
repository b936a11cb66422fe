//! Connections of one worker to services. In HTTP/1.1 one is taken, used for one exchange, and
//! given back; in HTTP/2 many exchanges share one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http2},
};
use tokio::time::sleep;

use super::http1::{Connection, Home};
use crate::{catalogue::Address, upload::Upload};

/// Kept connections for each address of a service.
const KEPT: usize = 256;
/// Below what servers commonly close after, so that few are found dead.
const KEPT_FOR: Duration = Duration::from_secs(55);
/// The same in looks at the pool: a connection that is taken does not ask for the time.
const KEPT_FOR_LOOKS: u64 = KEPT_FOR.as_secs() / SWEPT_EVERY.as_secs();
/// Exchanges that share one connection, however many the service would allow.
const SHARED_BY: usize = 100;

/// How often those are let go that were kept for too long, or that the service has closed.
const SWEPT_EVERY: Duration = Duration::from_secs(5);

struct Kept {
    connection: Connection,
    /// How often the pool was looked at since.
    looks: u64,
}

/// Tells how many exchanges the service allows on a connection; it may say so at any time.
pub(super) type Allowed = Box<dyn Fn() -> usize + Send + Sync>;

struct Shared {
    sender: http2::SendRequest<Upload>,
    /// Each exchange holds a copy.
    open: Arc<()>,
    allowed: Allowed,
    used: Instant,
}

impl Shared {
    fn exchanges(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    fn lease(&mut self) -> Lease {
        self.used = Instant::now();
        Lease::Shared(Stream { sender: self.sender.clone(), open: Arc::clone(&self.open) })
    }
}

/// What there is to one address.
#[derive(Default)]
struct Connections {
    kept: Vec<Kept>,
    shared: Vec<Shared>,
    /// Held while a connection that others will share is being made.
    dialling: Arc<tokio::sync::Mutex<()>>,
    /// Whether the address spoke HTTP/2 when it was last connected to.
    shares: bool,
}

impl Connections {
    fn share(&mut self) -> Option<Lease> {
        if self.shared.is_empty() {
            return None;
        }
        self.shared.retain(|shared| !shared.sender.is_closed() && (shared.exchanges() > 0 || shared.used.elapsed() <= KEPT_FOR));
        let has_room = |shared: &&mut Shared| shared.exchanges() < (shared.allowed)().min(SHARED_BY);
        self.shared.iter_mut().find(has_room).map(Shared::lease)
    }
}

#[derive(Default)]
pub(crate) struct Pool {
    addresses: Mutex<HashMap<Arc<str>, Connections, RandomState>>,
    /// Whether the task is there that tidies up.
    swept: AtomicBool,
}

impl Pool {
    /// The connection used last, if one is ready. An upgrade needs one of its own.
    pub(super) fn take(self: &Arc<Self>, address: &Address, upgrade: bool) -> Option<Lease> {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = all.get_mut(&address.authority)?;
        if let Some(lease) = (!upgrade).then(|| connections.share()).flatten() {
            return Some(lease);
        }
        while let Some(mut kept) = connections.kept.pop() {
            if kept.connection.is_idle() {
                return Some(self.own(address, kept.connection));
            }
        }
        None
    }

    pub(super) fn forget(&self, address: &Address) {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connections) = all.get_mut(&address.authority) {
            connections.kept.clear();
            connections.shared.clear();
        }
    }

    /// A connection for one exchange at a time.
    pub(super) fn own(self: &Arc<Self>, address: &Address, connection: Connection) -> Lease {
        Lease::Own(connection, Home { pool: Arc::clone(self), authority: Arc::clone(&address.authority) })
    }

    /// Takes in a fresh connection that others may share from now on.
    pub(super) fn shared(&self, address: &Address, sender: http2::SendRequest<Upload>, allowed: Allowed) -> Lease {
        let mut shared = Shared { sender, open: Arc::default(), allowed, used: Instant::now() };
        let lease = shared.lease();
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = all.entry(Arc::clone(&address.authority)).or_default();
        connections.shares = true;
        connections.shared.push(shared);
        lease
    }

    /// What to hold while connecting to an address whose connections are shared, so that calls
    /// which begin together make one.
    pub(super) fn dialling(&self, address: &Address, expected: bool) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = all.entry(Arc::clone(&address.authority)).or_default();
        (expected || connections.shares).then(|| Arc::clone(&connections.dialling))
    }

    pub(super) fn put(self: &Arc<Self>, authority: Arc<str>, connection: Connection) {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut all.entry(authority).or_default().kept;
        if kept.len() < KEPT {
            kept.push(Kept { connection, looks: 0 });
        }
        // Under the lock, as where the task finds nothing left.
        let begin = !self.swept.swap(true, Relaxed);
        drop(all);
        if begin {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Lets go what no call would take; false when nothing is left.
    fn tidy(&self) -> bool {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        for connections in all.values_mut() {
            connections.kept.retain_mut(|kept| {
                kept.looks += 1;
                kept.looks <= KEPT_FOR_LOOKS && kept.connection.is_idle()
            });
        }
        let left = all.values().any(|connections| !connections.kept.is_empty());
        self.swept.store(left, Relaxed);
        left
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(SWEPT_EVERY).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.tidy() {
            return;
        }
    }
}

/// The right to one exchange. Dropping it ends whatever the service is still doing for it: an own
/// connection is closed; on a shared one the exchange is reset, as its future or body is dropped.
pub(super) enum Lease {
    Own(Connection, Home),
    Shared(Stream),
}

impl Lease {
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }
}

/// A place on a connection of HTTP/2.
pub(super) struct Stream {
    sender: http2::SendRequest<Upload>,
    open: Arc<()>,
}

impl Stream {
    pub(super) async fn send(mut self, request: Request<Upload>) -> Result<(Response<Incoming>, Arc<()>), TrySendError<Request<Upload>>> {
        let response = self.sender.try_send_request(request).await?;
        Ok((response, self.open))
    }
}

/// Whether the service says that it has not begun with the request (RFC 9113 §8.7).
pub(super) fn was_refused(error: &hyper::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        }
        cause = error.source();
    }
    false
}
