//! The listener: one thread per worker, each with a single-threaded runtime and a socket of its
//! own on the shared port (`SO_REUSEPORT`), so that a call stays on one core from accept to close.
//! Each request, not each connection, is looked at once and served here or handed to the control
//! plane's runtime.

mod accept;
mod dispatch;
pub(crate) mod http1;
mod http2;
mod room;
mod stall;
mod wire;

use std::{io, net::SocketAddr, sync::Arc, thread};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use self::room::Room;
use crate::{Gateway, control::Control, tls::Certificates};

const BACKLOG: i32 = 4096;
/// Bytes that the system takes for a client beyond what is on its way: without a bound it takes
/// megabytes for each that reads slowly, and a thousand of those are all that it has for TCP.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 256 * 1024;

/// Bound sockets, not yet served.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<std::net::TcpListener>,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
}

impl Listener {
    /// Binds `workers` sockets to one port; port 0 picks a free one.
    ///
    /// # Errors
    /// When the port is in use, by another instance of this program too.
    pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Self> {
        // Sockets that share a port do not refuse each other: a second instance would silently
        // take half of the traffic. One that does not share finds it out.
        drop(open(address, false)?);
        let first = open(address, true)?;
        let address = first.local_addr()?;
        let mut sockets = vec![first];
        for _ in 1..workers.max(1) {
            sockets.push(open(address, true)?);
        }
        Ok(Self { sockets, address, certificates: None })
    }

    /// Speaks TLS, and nothing else, to every client.
    #[must_use]
    pub fn with_tls(self, certificates: Arc<Certificates>) -> Self {
        Self { certificates: Some(certificates), ..self }
    }

    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then stops accepting, lets running calls finish within the drain
    /// time, and returns when every worker has ended.
    ///
    /// # Errors
    /// When a worker cannot be started.
    pub async fn serve(
        self,
        gateway: Gateway,
        control: Arc<dyn Control>,
        control_runtime: Handle,
        shutdown: CancellationToken,
    ) -> io::Result<()> {
        let (running, mut ended) = mpsc::channel::<()>(1);
        let room = Arc::new(Room::new(gateway.settings()));
        for (number, socket) in self.sockets.into_iter().enumerate() {
            let worker = accept::Worker {
                gateway: gateway.for_worker(),
                control: Arc::clone(&control),
                control_runtime: control_runtime.clone(),
                // Looked at for every call: each worker has its own.
                shutdown: shutdown.child_token(),
                room: Arc::clone(&room),
                certificates: self.certificates.clone(),
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let running = running.clone();
            let on_start = gateway.settings().on_worker_start;
            thread::Builder::new().name(format!("gateway-{number}")).spawn(move || {
                on_start();
                if let Err(error) = runtime.block_on(worker.run(socket)) {
                    tracing::error!(%error, "a gateway worker ended");
                }
                // Tunnels and streams that outlived the drain end here.
                drop(runtime);
                drop(running);
            })?;
        }
        drop(running);
        // Nothing is ever sent: the channel closes when the last worker is gone.
        let _ = ended.recv().await;
        Ok(())
    }
}

fn open(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    // Connections have it from the socket that accepts them.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
