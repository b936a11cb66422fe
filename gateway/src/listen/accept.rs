//! One worker: accept, serve each connection in a task, drain.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use hyper::server::conn::http2;
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

pub(super) struct Worker {
    pub(super) gateway: Gateway,
    pub(super) control: Arc<dyn Control>,
    pub(super) control_runtime: Handle,
    pub(super) shutdown: CancellationToken,
    pub(super) room: Arc<Room>,
    pub(super) certificates: Option<Arc<Certificates>>,
}

impl Worker {
    pub(super) async fn run(self, socket: std::net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let settings = self.gateway.settings();
        let drain = settings.drain;
        let http2 = builder(settings);
        let worker = Arc::new(self);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = worker.shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => worker.welcome(stream, peer, &http2, &tasks).await,
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
            worker.welcome(TcpStream::from_std(stream)?, peer, &http2, &tasks).await;
        }
        drop(listener);
        tasks.close();
        if timeout(drain, tasks.wait()).await.is_err() {
            tracing::info!(connections = tasks.len(), "cut off after the drain time");
        }
        Ok(())
    }

    /// Serves a connection in a task, when there is room for it.
    async fn welcome(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, http2: &http2::Builder<Streaming>, tasks: &TaskTracker) {
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
        let (worker, http2) = (Arc::clone(self), http2.clone());
        tasks.spawn(async move {
            Arc::clone(&worker).serve(http2, stream, peer).await;
            worker.gateway.metrics().connections.fetch_sub(1, Relaxed);
            drop((permit, seat));
        });
    }

    /// Comes when the program stops and whoever had a connection has had the time for one more call,
    /// which it may have sent before it could know.
    pub(super) async fn last_call(&self) {
        self.shutdown.cancelled().await;
        sleep(self.gateway.settings().last_call).await;
    }

    async fn serve(self: Arc<Self>, http2: http2::Builder<Streaming>, stream: TcpStream, peer: SocketAddr) {
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
            Protocol::Http1 => self.serve_http1(wire, peer).await,
            // Boxed, so that it costs connections in HTTP/1.1 no memory.
            Protocol::Http2 => Box::pin(self.serve_http2(http2, wire, peer)).await,
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
}
