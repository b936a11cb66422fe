//! Connections of one worker to services: taken, used for one exchange, and given back.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{
    catalogue::{Address, Service},
    settings::Settings,
    state::Worker,
    upload::Upload,
};

/// Kept connections for each address of a service.
const KEPT: usize = 256;
/// Below what servers commonly close after, so that few are found dead.
const KEPT_FOR: Duration = Duration::from_secs(55);
/// Enough for any head; bodies stream through.
const BUFFER: usize = 256 * 1024;

struct Kept {
    sender: SendRequest<Upload>,
    since: Instant,
}

#[derive(Default)]
pub(crate) struct Pool {
    kept: Mutex<HashMap<Arc<str>, Vec<Kept>>>,
}

impl Pool {
    /// The connection used last, if one is ready.
    pub(super) fn take(self: &Arc<Self>, address: &Address) -> Option<Lease> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.get_mut(&address.authority)?;
        let mut index = kept.len();
        while let Some(last) = index.checked_sub(1) {
            index = last;
            let candidate = kept.get(index)?;
            let dead = candidate.sender.is_closed() || candidate.since.elapsed() > KEPT_FOR;
            if dead {
                kept.remove(index);
            } else if candidate.sender.is_ready() {
                let sender = kept.remove(index).sender;
                let authority = Arc::clone(&address.authority);
                return Some(Lease { pool: Arc::clone(self), authority, sender });
            }
        }
        None
    }

    pub(super) fn forget(&self, address: &Address) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&address.authority);
    }

    fn put(&self, authority: Arc<str>, sender: SendRequest<Upload>) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(authority).or_default();
        if kept.len() >= KEPT {
            kept.retain(|kept| !kept.sender.is_closed() && kept.since.elapsed() <= KEPT_FOR);
        }
        if kept.len() < KEPT {
            kept.push(Kept { sender, since: Instant::now() });
        }
    }
}

/// A connection that one exchange has to itself. Dropping it closes it, and with it whatever the
/// service is still doing for that exchange.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    authority: Arc<str>,
    pub(super) sender: SendRequest<Upload>,
}

impl Lease {
    pub(crate) fn give_back(self) {
        if !self.sender.is_closed() {
            self.pool.put(self.authority, self.sender);
        }
    }
}

#[derive(Debug)]
pub(super) enum ConnectFailed {
    Refused,
    Timeout,
}

pub(super) async fn connect(worker: &Worker, service: &Service, address: &Address) -> Result<Lease, ConnectFailed> {
    let connecting = timeout(service.connect_timeout, dial(&worker.core.settings, address));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::warn!(service = %service.slug, address = %address.authority, %error, "cannot connect");
            return Err(ConnectFailed::Refused);
        }
        Err(_) => return Err(ConnectFailed::Timeout),
    };
    let handshake = Builder::new().max_buf_size(BUFFER).handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(|_| ConnectFailed::Refused)?;
    let counts = Arc::clone(&service.counts);
    counts.connections.fetch_add(1, Relaxed);
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection to a service ended");
        }
    });
    let authority = Arc::clone(&address.authority);
    Ok(Lease { pool: Arc::clone(&worker.pool), authority, sender })
}

/// Resolves, refuses what no service may be, and connects to what was resolved.
async fn dial(settings: &Settings, address: &Address) -> io::Result<TcpStream> {
    let mut latest = io::Error::new(io::ErrorKind::NotFound, "no usable address");
    for candidate in lookup_host((&*address.host, address.port)).await? {
        if !may_be_service(settings, candidate) {
            continue;
        }
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => latest = error,
        }
    }
    Err(latest)
}

/// Metadata services of clouds answer on link-local addresses.
fn may_be_service(settings: &Settings, candidate: SocketAddr) -> bool {
    let ip = candidate.ip().to_canonical();
    let refused = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified() || ip.is_multicast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast(),
    };
    !refused || settings.allowed_link_local.iter().any(|net| net.contains(&ip))
}
