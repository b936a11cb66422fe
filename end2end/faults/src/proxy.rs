//! Between the program and PostgreSQL: knows just enough of the protocol to see the COMMIT of a
//! transaction that counts usage, and breaks what it is told to break.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What every transaction that counts usage says.
const COUNTS: &[u8] = b"UPDATE usage_segments";

/// How a COMMIT is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// The server never hears of it.
    Before,
    /// The server has done it, and its answer is lost.
    After,
    /// The connection ends when it is on its way: nobody knows.
    Meanwhile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Passes,
    /// Connections stay open and nothing goes through them.
    Frozen,
}

#[derive(Debug)]
pub struct Proxy {
    /// Of the database behind it, through it.
    pub url: String,
    mode: watch::Sender<Mode>,
    cuts: Arc<Cuts>,
}

#[derive(Debug)]
struct Cuts {
    next: Mutex<Option<Cut>>,
    done: watch::Sender<u32>,
}

impl Cuts {
    fn take(&self) -> Option<Cut> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Proxy {
    /// In front of the database of that address: `postgres://user@host:port/name`.
    pub async fn start(database: &str) -> Self {
        let (before, rest) = database.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{name}?sslmode=disable", listener.local_addr().unwrap());
        let (mode, modes) = watch::channel(Mode::Passes);
        let cuts = Arc::new(Cuts { next: Mutex::default(), done: watch::channel(0).0 });
        let (server, shared) = (server.to_owned(), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, cuts, modes) = (server.clone(), Arc::clone(&shared), modes.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await?;
                    server.set_nodelay(true)?;
                    client.set_nodelay(true)?;
                    Connection { client, server, modes, cuts, begun: Vec::new(), started: false, usage: Usage::default() }.pass().await
                });
            }
        });
        Self { url, mode, cuts }
    }

    /// Nothing goes through any more, though connections are open.
    pub fn freeze(&self) {
        self.mode.send_replace(Mode::Frozen);
    }

    pub fn thaw(&self) {
        self.mode.send_replace(Mode::Passes);
    }

    /// Cuts the next COMMIT of usage, and returns when that is done.
    pub async fn cut(&self, how: Cut) {
        let mut done = self.cuts.done.subscribe();
        done.mark_unchanged();
        *self.cuts.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(how);
        done.changed().await.unwrap();
    }
}

struct Connection {
    client: TcpStream,
    server: TcpStream,
    modes: watch::Receiver<Mode>,
    cuts: Arc<Cuts>,
    /// Bytes of the client's message that is not whole.
    begun: Vec<u8>,
    started: bool,
    usage: Usage,
}

/// Whether the transaction that is open counts usage.
#[derive(Debug, Default)]
struct Usage {
    statements: HashSet<Vec<u8>>,
    is_open: bool,
}

impl Usage {
    /// Looks at a message; true for the COMMIT of a transaction that counts usage.
    fn commits(&mut self, kind: u8, content: &[u8]) -> bool {
        let mut parts = content.split(|byte| *byte == 0);
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let query = match kind {
            b'P' => {
                if second.windows(COUNTS.len()).any(|words| words == COUNTS) {
                    self.statements.insert(first.to_owned());
                } else {
                    self.statements.remove(first);
                }
                second
            }
            b'B' => {
                self.is_open |= self.statements.contains(second);
                return false;
            }
            b'Q' => first,
            _ => return false,
        };
        query.eq_ignore_ascii_case(b"COMMIT") && std::mem::take(&mut self.is_open)
    }
}

impl Connection {
    async fn pass(mut self) -> io::Result<()> {
        let (mut sent, mut told) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        loop {
            self.modes.wait_for(|mode| *mode == Mode::Passes).await.map_err(io::Error::other)?;
            tokio::select! {
                _ = self.modes.changed() => {}
                count = self.client.read(&mut sent) => match count? {
                    0 => return Ok(()),
                    count => {
                        self.begun.extend_from_slice(&sent[..count]);
                        if self.forward().await? {
                            return Ok(());
                        }
                    }
                },
                count = self.server.read(&mut told) => match count? {
                    0 => return Ok(()),
                    count => self.client.write_all(&told[..count]).await?,
                },
            }
        }
    }

    /// Hands the whole messages on. True when the connection is to be cut.
    async fn forward(&mut self) -> io::Result<bool> {
        while let Some(message) = self.message() {
            let commits = self.started && self.usage.commits(message[0], &message[5..]);
            if !self.started {
                // Wishes for encryption come before the message that starts; they are that long.
                self.started = message.len() > 8;
            }
            let Some(cut) = commits.then(|| self.cuts.take()).flatten() else {
                self.server.write_all(&message).await?;
                continue;
            };
            if cut != Cut::Before {
                self.server.write_all(&message).await?;
            }
            if cut == Cut::After {
                self.server.peek(&mut [0]).await?;
            }
            self.cuts.done.send_modify(|done| *done += 1);
            return Ok(true);
        }
        Ok(false)
    }

    fn message(&mut self) -> Option<Vec<u8>> {
        let kind = usize::from(self.started);
        let length = self.begun.get(kind..kind + 4)?.try_into().ok().map(u32::from_be_bytes)?;
        let end = kind + length as usize;
        if self.begun.len() < end {
            return None;
        }
        let rest = self.begun.split_off(end);
        Some(std::mem::replace(&mut self.begun, rest))
    }
}
