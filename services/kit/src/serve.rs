//! Serving until told to stop. On SIGTERM or Ctrl-C the listener closes and requests in flight get
//! [`GRACE`] to finish, so that a rolling restart behind the gateway fails nobody.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// How long requests in flight may take once the program was asked to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Serves `router` on `listener` until SIGTERM or SIGINT.
pub async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = std::sync::Arc::new(Notify::new());
    let told = stopping.clone();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        told.notify_one();
    };
    let overdue = async move {
        stopping.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        outcome = axum::serve(listener, router).with_graceful_shutdown(stop) => outcome,
        () = overdue => {
            tracing::warn!("stopped with requests still in flight");
            Ok(())
        }
    }
}
