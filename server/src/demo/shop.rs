//! The shop service as a child process, from the program that lies beside this one.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::{Failure, config::Config};

const USUAL_PORT: u16 = 4001;

/// Runs until dropped.
pub(super) struct Shop {
    pub(super) address: SocketAddr,
    _child: Child,
}

pub(super) async fn start(config: &Config) -> Result<Shop, Failure> {
    let program = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(|folder| folder.join("mintreu-shop")))
        .filter(|path| path.exists())
        .ok_or_else(|| Failure("mintreu-shop is missing beside mintreu: run make build.".to_owned()))?;
    let address = free_address().await?;
    let child = Command::new(program)
        .args(["--bind", &address.to_string(), "--platform-url", &local_url(config), "--issuer", &config.public_url, "--log", "warn"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::new("the shop service cannot be started", &error))?;
    let answers = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), answers)
        .await
        .map_err(|_| Failure(format!("The shop service does not answer on {address}.")))?;
    Ok(Shop { address, _child: child })
}

/// The usual port, or any other when it is taken.
async fn free_address() -> Result<SocketAddr, Failure> {
    let probe = match TcpListener::bind(("127.0.0.1", USUAL_PORT)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(("127.0.0.1", 0)).await,
    };
    probe.and_then(|listener| listener.local_addr()).map_err(|error| Failure::new("no port is free for the shop service", &error))
}

/// The platform as a program on this machine reaches it.
fn local_url(config: &Config) -> String {
    let ip = if config.bind.ip().is_unspecified() { [127, 0, 0, 1].into() } else { config.bind.ip() };
    format!("http://{}", SocketAddr::new(ip, config.bind.port()))
}
