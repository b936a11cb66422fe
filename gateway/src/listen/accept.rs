//! One worker: accept, serve each connection in a task, drain.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Gateway, control::Control};

/// Room for one head; `framing.rs` draws the lines inside it.
const BUFFER: usize = 256 * 1024;

pub(super) struct Worker {
    pub(super) gateway: Gateway,
    pub(super) control: Arc<dyn Control>,
    pub(super) control_runtime: Handle,
    pub(super) shutdown: CancellationToken,
}

impl Worker {
    pub(super) async fn run(self, socket: std::net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let settings = self.gateway.settings();
        let (drain, header_timeout) = (settings.drain, settings.header_timeout);
        let connections = Arc::new(Semaphore::new(settings.max_connections.max(1)));
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(BUFFER);
        let worker = Arc::new(self);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = worker.shutdown.cancelled() => break,
                accepted = accept(&listener, &connections) => accepted,
            };
            let (stream, peer, permit) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: others have to close first.
                    tracing::warn!(%error, "cannot accept");
                    sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            let (worker, server) = (Arc::clone(&worker), server.clone());
            tasks.spawn(async move {
                worker.serve(&server, stream, peer).await;
                drop(permit);
            });
        }
        drop(listener);
        tasks.close();
        if timeout(drain, tasks.wait()).await.is_err() {
            tracing::info!(connections = tasks.len(), "cut off after the drain time");
        }
        Ok(())
    }

    async fn serve(self: Arc<Self>, server: &http1::Builder, stream: TcpStream, peer: SocketAddr) {
        let worker = Arc::clone(&self);
        let service = service_fn(move |request| {
            let worker = Arc::clone(&worker);
            async move { worker.dispatch(request, peer).await }
        });
        let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%peer, %error, "a client connection ended");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}
