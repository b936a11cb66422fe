//! Connections of one worker to services. In HTTP/1.1 one is taken, used for one exchange, and
//! given back; in HTTP/2 many exchanges share one.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use futures_util::future::Either;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};

use crate::{catalogue::Address, upload::Upload};

/// Kept connections for each address of a service.
const KEPT: usize = 256;
/// Below what servers commonly close after, so that few are found dead.
const KEPT_FOR: Duration = Duration::from_secs(55);
/// Exchanges that share one connection, however many the service would allow.
const SHARED_BY: usize = 100;

struct Kept {
    sender: http1::SendRequest<Upload>,
    since: Instant,
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
        Lease(Held::Shared { sender: self.sender.clone(), _open: Arc::clone(&self.open) })
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
}

impl Pool {
    /// The connection used last, if one is ready. An upgrade needs one of its own.
    pub(super) fn take(self: &Arc<Self>, address: &Address, upgrade: bool) -> Option<Lease> {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = all.get_mut(&address.authority)?;
        if let Some(lease) = (!upgrade).then(|| connections.share()).flatten() {
            return Some(lease);
        }
        let kept = &mut connections.kept;
        let mut index = kept.len();
        while let Some(last) = index.checked_sub(1) {
            index = last;
            let candidate = kept.get(index)?;
            let dead = candidate.sender.is_closed() || candidate.since.elapsed() > KEPT_FOR;
            if dead {
                kept.remove(index);
            } else if candidate.sender.is_ready() {
                let sender = kept.remove(index).sender;
                return Some(self.own(address, sender));
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

    /// A fresh connection for one exchange at a time.
    pub(super) fn own(self: &Arc<Self>, address: &Address, sender: http1::SendRequest<Upload>) -> Lease {
        Lease(Held::Own { pool: Arc::clone(self), authority: Arc::clone(&address.authority), sender })
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

    fn put(&self, authority: Arc<str>, sender: http1::SendRequest<Upload>) {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut all.entry(authority).or_default().kept;
        if kept.len() >= KEPT {
            kept.retain(|kept| !kept.sender.is_closed() && kept.since.elapsed() <= KEPT_FOR);
        }
        if kept.len() < KEPT {
            kept.push(Kept { sender, since: Instant::now() });
        }
    }
}

/// The right to one exchange. Dropping it ends whatever the service is still doing for it: an own
/// connection is closed; on a shared one the exchange is reset, as its future or body is dropped.
pub(crate) struct Lease(Held);

enum Held {
    Own { pool: Arc<Pool>, authority: Arc<str>, sender: http1::SendRequest<Upload> },
    Shared { sender: http2::SendRequest<Upload>, _open: Arc<()> },
}

impl Lease {
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.0, Held::Shared { .. })
    }

    pub(super) fn try_send(
        &mut self,
        request: Request<Upload>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>> + use<> {
        match &mut self.0 {
            Held::Own { sender, .. } => Either::Left(sender.try_send_request(request)),
            Held::Shared { sender, .. } => Either::Right(sender.try_send_request(request)),
        }
    }

    pub(crate) fn give_back(self) {
        if let Held::Own { pool, authority, sender } = self.0
            && !sender.is_closed()
        {
            pool.put(authority, sender);
        }
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
