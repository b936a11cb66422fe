//! One worker: accept, serve each connection in a task, drain.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::{HeaderValue, StatusCode, header};
use hyper::{
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    http2::builder,
    room::Room,
    stall::Streaming,
    wire::{Protocol, Wire},
};
use crate::{Gateway, control::Control, tls::Certificates};

/// Room for one head; `framing.rs` draws the lines inside it.
const BUFFER: usize = 256 * 1024;

pub(super) struct Worker {
    pub(super) gateway: Gateway,
    pub(super) control: Arc<dyn Control>,
    pub(super) control_runtime: Handle,
    pub(super) shutdown: CancellationToken,
    pub(super) room: Arc<Room>,
    pub(super) certificates: Option<Arc<Certificates>>,
}

/// How each version is served.
#[derive(Clone)]
struct Servers {
    http1: http1::Builder,
    http2: http2::Builder<Streaming>,
}

impl Worker {
    pub(super) async fn run(self, socket: std::net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let settings = self.gateway.settings();
        let drain = settings.drain;
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout).max_buf_size(BUFFER);
        let servers = Servers { http1, http2: builder(settings) };
        let worker = Arc::new(self);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = worker.shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => worker.welcome(stream, peer, &servers, &tasks).await,
                Err(error) => {
                    // Out of descriptors, most likely: others have to close first.
                    tracing::warn!(%error, "cannot accept");
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        // Who has connected already may have sent a call, which the kernel would throw away.
        let listener = listener.into_std()?;
        while let Ok((stream, peer)) = listener.accept() {
            stream.set_nonblocking(true)?;
            worker.welcome(TcpStream::from_std(stream)?, peer, &servers, &tasks).await;
        }
        drop(listener);
        tasks.close();
        if timeout(drain, tasks.wait()).await.is_err() {
            tracing::info!(connections = tasks.len(), "cut off after the drain time");
        }
        Ok(())
    }

    /// Serves a connection in a task, when there is room for it.
    async fn welcome(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, servers: &Servers, tasks: &TaskTracker) {
        let metrics = self.gateway.metrics();
        let Some(seat) = self.room.admit(peer.ip()) else {
            metrics.connections_refused.fetch_add(1, Relaxed);
            return;
        };
        let permit = tokio::select! {
            biased;
            permit = self.room.enter() => permit,
            () = self.shutdown.cancelled() => None,
        };
        let Some(permit) = permit else { return };
        metrics.connections.fetch_add(1, Relaxed);
        let (worker, servers) = (Arc::clone(self), servers.clone());
        tasks.spawn(async move {
            Arc::clone(&worker).serve(servers, stream, peer).await;
            worker.gateway.metrics().connections.fetch_sub(1, Relaxed);
            drop((permit, seat));
        });
    }

    /// Comes when the program stops and whoever had a connection has had the time for one more call,
    /// which it may have sent before it could know.
    async fn last_call(&self) {
        self.shutdown.cancelled().await;
        sleep(self.gateway.settings().last_call).await;
    }

    async fn serve(self: Arc<Self>, servers: Servers, stream: TcpStream, peer: SocketAddr) {
        let opening = timeout(self.gateway.settings().handshake_timeout, self.open(stream));
        let opened = tokio::select! {
            opened = opening => opened,
            () = self.last_call() => return,
        };
        let (wire, protocol) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "a client connection came to nothing");
                return;
            }
            Err(_) => return,
        };
        match protocol {
            Protocol::Http1 => self.serve_http1(&servers.http1, wire, peer).await,
            // Boxed, so that it costs connections in HTTP/1.1 no memory.
            Protocol::Http2 => Box::pin(self.serve_http2(servers.http2, wire, peer)).await,
        }
    }

    async fn open(&self, stream: TcpStream) -> io::Result<(Wire, Protocol)> {
        stream.set_nodelay(true)?;
        let write_idle = self.gateway.settings().write_idle;
        let Some(certificates) = &self.certificates else {
            return Wire::plain(stream, write_idle).await;
        };
        let _turn = self.room.handshake().await;
        Wire::tls(stream, certificates.config(), write_idle).await
    }

    async fn serve_http1(self: Arc<Self>, server: &http1::Builder, wire: Wire, peer: SocketAddr) {
        let worker = Arc::clone(&self);
        let service = service_fn(move |request| {
            let worker = Arc::clone(&worker);
            async move {
                let mut answer = worker.dispatch(request, peer).await?;
                if worker.shutdown.is_cancelled() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = server.serve_connection(TokioIo::new(wire), service).with_upgrades();
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            biased;
            outcome = connection.as_mut() => outcome,
            () = self.last_call() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%peer, %error, "a client connection ended");
        }
    }
}
