//! A throw-away Redis for tests that kill and freeze it. It keeps nothing on the disk. To change a
//! setting, edit `redis-guard.sh`.

use std::{
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use uuid::Uuid;

use crate::guard::{Guard, free_port};

/// How often another port is tried when somebody took the free one first.
const ATTEMPTS: u32 = 5;

/// A running server. Dropping it, or ending the process, stops it.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    guard: Guard,
}

impl Redis {
    /// Starts a server on a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err(io::Error::other("redis-server is not installed: install it, e.g. `apt-get install redis-server`"));
        }
        let mut attempt = 1;
        loop {
            let (port, directory) = (free_port()?, directory());
            match Guard::start(include_str!("redis-guard.sh"), &[directory.as_os_str(), port.to_string().as_ref()])? {
                Ok(guard) => return Ok(Self { port, guard }),
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                Err(said) => return Err(io::Error::other(said)),
            }
        }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// kill -9: it forgets everything.
    pub fn crash(&mut self) -> io::Result<()> {
        self.order("crash")
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) -> io::Result<()> {
        self.order("start")
    }

    /// SIGSTOP: connections stay, nothing is answered.
    pub fn freeze(&mut self) -> io::Result<()> {
        self.order("freeze")
    }

    /// SIGCONT.
    pub fn thaw(&mut self) -> io::Result<()> {
        self.order("thaw")
    }

    fn order(&mut self, order: &str) -> io::Result<()> {
        match self.guard.order(order)?.as_str() {
            "done" => Ok(()),
            said => Err(io::Error::other(format!("{order}: {said}"))),
        }
    }
}

fn directory() -> PathBuf {
    std::env::temp_dir().join(format!("mintreu-redis-{}", Uuid::now_v7().simple()))
}
