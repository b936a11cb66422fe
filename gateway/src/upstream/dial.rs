//! Connecting to a service: resolve, refuse what no service may be, connect to what was resolved,
//! and agree on a protocol. A certificate is checked against the name in the base URL.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use hyper::{
    client::conn::http2,
    rt::{Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{sleep, timeout},
};

use super::{
    http1::{Connection, Io},
    pool::Lease,
};
use crate::{
    catalogue::{Address, Service},
    settings::Settings,
    state::Worker,
    tls::HTTP2,
};

/// What one exchange may have under way, and all of a connection: one that is read slowly never
/// stops the others.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;
const LARGEST_HEAD: u32 = 256 * 1024;
/// A connection that carries calls and is silent for so long is asked whether it lives.
const PING_AFTER: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) enum ConnectFailed {
    /// With the reason.
    Refused(String),
    Timeout,
}

pub(super) async fn connect(worker: &Worker, service: &Service, address: &Address, upgrade: bool) -> Result<Lease, ConnectFailed> {
    match timeout(service.connect_timeout, open(worker, service, address, upgrade)).await {
        Ok(Ok(lease)) => Ok(lease),
        Ok(Err(error)) => {
            tracing::debug!(service = %service.slug, address = %address.authority, %error, "cannot connect");
            Err(ConnectFailed::Refused(error.to_string()))
        }
        Err(_) => Err(ConnectFailed::Timeout),
    }
}

async fn open(worker: &Worker, service: &Service, address: &Address, upgrade: bool) -> io::Result<Lease> {
    let by_knowledge = service.http2 && address.tls.is_none() && !upgrade;
    let dialling = if upgrade { None } else { worker.pool.dialling(address, by_knowledge) };
    let _first = match &dialling {
        Some(dialling) => Some(dialling.lock().await),
        None => None,
    };
    if dialling.is_some()
        && let Some(lease) = worker.pool.take(address, upgrade)
    {
        return Ok(lease);
    }
    let stream = dial(&worker.core.settings, address).await?;
    let Some(name) = &address.tls else {
        return if by_knowledge {
            share(worker, service, address, TokioIo::new(stream)).await
        } else {
            Ok(own(worker, service, address, Io::Left(stream)))
        };
    };
    let connector = worker.core.connectors.choose(upgrade)?;
    let stream = connector.connect(name.clone(), stream).await?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
    if http2 {
        share(worker, service, address, TokioIo::new(stream)).await
    } else {
        Ok(own(worker, service, address, Io::Right(Box::new(stream))))
    }
}

fn own(worker: &Worker, service: &Service, address: &Address, io: Io) -> Lease {
    service.counts.connections.fetch_add(1, Relaxed);
    worker.pool.own(address, Connection::new(io))
}

async fn share<T>(worker: &Worker, service: &Service, address: &Address, io: T) -> io::Result<Lease>
where
    T: Read + Write + Unpin + Send + 'static,
{
    let handshake = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LARGEST_HEAD)
        .initial_max_send_streams(0)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .handshake(io);
    let (sender, connection) = handshake.await.map_err(io::Error::other)?;
    // hyper tells the limit by the connection, which the task below owns: both look through a lock
    // that only this thread takes. The task alone keeps the connection alive: what still waits in
    // an ended one is let go with it.
    let connection = Arc::new(Mutex::new(Box::pin(connection)));
    let asked = Arc::downgrade(&connection);
    let allowed = Box::new(move || {
        asked.upgrade().map_or(0, |connection| connection.lock().unwrap_or_else(PoisonError::into_inner).current_max_send_streams())
    });
    service.counts.connections.fetch_add(1, Relaxed);
    let slug = Arc::clone(&service.slug);
    let driven = poll_fn(move |cx| connection.lock().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx));
    tokio::spawn(async move {
        if let Err(error) = driven.await {
            tracing::debug!(service = %slug, %error, "a connection to a service ended");
        }
    });
    // Calls that go out before the service has said how many it allows could be refused. Nothing
    // tells when it has.
    while allowed() == 0 {
        if sender.is_closed() {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed before its settings came"));
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(worker.pool.shared(address, sender, allowed))
}

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
