//! The load and the service behind the servers, in one thread, so that the two never wait for each
//! other's turn on the core that they share. It polls without sleeping while it measures.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

use crate::http::{ANSWER, Answer, Requests};

const LISTENER: Token = Token(usize::MAX - 1);
/// Tokens below are clients, from here on connections of servers to the service.
const SERVICE: usize = 1 << 20;
/// Longer than anything should take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    poll: Poll,
    listener: TcpListener,
    service: Vec<Option<Behind>>,
    /// The head of the latest request that the service got.
    pub(crate) seen: Vec<u8>,
    buffer: Vec<u8>,
}

/// A connection of a server to the service.
struct Behind {
    stream: TcpStream,
    /// The last bytes of a head that is not whole.
    begun: Vec<u8>,
}

pub(crate) struct Client {
    stream: TcpStream,
    answer: Answer,
    /// When the call that it waits for was due.
    due: Option<Instant>,
}

/// What a run of calls gave.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) answers: u32,
    pub(crate) took: Duration,
    /// From when each call was due to the end of its answer, in microseconds, sorted.
    pub(crate) waits: Vec<f64>,
}

/// What is called next.
struct Calls<'a> {
    requests: &'a mut Requests,
    /// How many credentials were used, where each is used once.
    swept: Option<usize>,
}

impl Calls<'_> {
    fn next(&mut self) -> Option<&[u8]> {
        let count = self.requests.count();
        let number = match &mut self.swept {
            None => fastrand::usize(..count),
            Some(swept) if *swept < count => {
                *swept += 1;
                *swept - 1
            }
            Some(_) => return None,
        };
        Some(self.requests.number(number))
    }
}

/// How calls follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Each connection calls again as soon as it is answered.
    Closed,
    /// The same, until every credential was used once.
    Sweep,
    /// So many calls a second, whatever the answers do.
    Open(u32),
}

impl Bench {
    pub(crate) fn new() -> Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let buffer = vec![0; 64 * 1024];
        Ok(Self { poll, listener, service: Vec::new(), seen: Vec::new(), buffer })
    }

    /// The service's address.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves for a while without calling anybody.
    pub(crate) fn wait(&mut self, time: Duration) -> Result<()> {
        let mut events = Events::with_capacity(256);
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.poll(&mut events, left)?;
            for event in &events {
                self.serve(event.token())?;
            }
        }
    }

    fn poll(&mut self, events: &mut Events, timeout: Duration) -> Result<()> {
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Sends bytes on a new connection and gives the whole answer, whatever its status.
    pub(crate) fn ask(&mut self, address: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(request)?;
        stream.set_nonblocking(true)?;
        let mut answer = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.wait(Duration::from_millis(1))?;
            match stream.read(&mut self.buffer) {
                Ok(0) => return Ok(answer),
                Ok(count) => answer.extend_from_slice(self.buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        bail!("no answer from {address}")
    }

    /// Opens connections for [`Self::run`].
    pub(crate) fn connect(&self, address: SocketAddr, connections: usize) -> Result<Vec<Client>> {
        (0..connections)
            .map(|number| {
                let stream = std::net::TcpStream::connect(address).with_context(|| format!("{address} cannot be reached"))?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                let mut stream = TcpStream::from_std(stream);
                self.poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
                Ok(Client { stream, answer: Answer::default(), due: None })
            })
            .collect()
    }

    /// Calls for `time` over all of the connections, with random credentials.
    ///
    /// # Errors
    /// On any answer but a 2xx.
    pub(crate) fn run(&mut self, clients: &mut [Client], requests: &mut Requests, pace: Pace, time: Duration) -> Result<Run> {
        let mut events = Events::with_capacity(256);
        let begin = Instant::now();
        let end = begin + time;
        let mut run = Run::default();
        let mut free: Vec<usize> = Vec::with_capacity(clients.len());
        let mut due: VecDeque<Instant> = VecDeque::new();
        let mut next = begin;
        let mut waiting = 0_usize;
        let mut calls = Calls { requests, swept: matches!(pace, Pace::Sweep).then_some(0) };
        if matches!(pace, Pace::Open(_)) {
            free.extend(0..clients.len());
        } else {
            for client in clients.iter_mut() {
                waiting += usize::from(client.call(begin, &mut calls)?);
            }
        }
        loop {
            let now = Instant::now();
            if let Pace::Open(rate) = pace {
                while next <= now && next < end {
                    due.push_back(next);
                    next += Duration::from_secs(1) / rate;
                }
                while let (Some(at), Some(number)) = (due.front().copied(), free.last().copied()) {
                    due.pop_front();
                    free.pop();
                    let client = clients.get_mut(number).context("no such client")?;
                    waiting += usize::from(client.call(at, &mut calls)?);
                }
            }
            if waiting == 0 && due.is_empty() && (now >= end || calls.swept.is_some()) {
                break;
            }
            if now > end + PATIENCE {
                bail!("{waiting} calls were never answered");
            }
            self.poll(&mut events, Duration::ZERO)?;
            for event in &events {
                let token = event.token();
                let Some(client) = clients.get_mut(token.0) else {
                    self.serve(token)?;
                    continue;
                };
                let Some(at) = client.read(&mut self.buffer)? else { continue };
                let now = Instant::now();
                run.answers += 1;
                run.waits.push(now.duration_since(at).as_secs_f64() * 1e6);
                let again = !matches!(pace, Pace::Open(_)) && now < end && client.call(now, &mut calls)?;
                if !again {
                    waiting -= 1;
                    free.push(token.0);
                }
            }
        }
        run.took = begin.elapsed();
        run.waits.sort_unstable_by(f64::total_cmp);
        Ok(run)
    }

    /// The service's side of one event.
    fn serve(&mut self, token: Token) -> Result<()> {
        if token == LISTENER {
            return self.accept();
        }
        let Some(number) = token.0.checked_sub(SERVICE) else { return Ok(()) };
        let Some(slot) = self.service.get_mut(number) else { return Ok(()) };
        let Some(behind) = slot else { return Ok(()) };
        // A read that does not fill the buffer has emptied the socket.
        let alive = match behind.stream.read(&mut self.buffer) {
            Ok(0) => false,
            Ok(count) => {
                behind.begun.extend_from_slice(self.buffer.get(..count).unwrap_or_default());
                if behind.begun.ends_with(b"\r\n\r\n") {
                    std::mem::swap(&mut self.seen, &mut behind.begun);
                    behind.begun.clear();
                    behind.stream.write(ANSWER).is_ok_and(|count| count == ANSWER.len())
                } else {
                    true
                }
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        if !alive {
            *slot = None;
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let vacant = self.service.iter().position(Option::is_none);
            let number = vacant.unwrap_or(self.service.len());
            self.poll.registry().register(&mut stream, Token(SERVICE + number), Interest::READABLE)?;
            let behind = Some(Behind { stream, begun: Vec::new() });
            match self.service.get_mut(number) {
                Some(slot) => *slot = behind,
                None => self.service.push(behind),
            }
        }
    }
}

impl Client {
    /// False when there is nothing left to call.
    fn call(&mut self, due: Instant, calls: &mut Calls<'_>) -> Result<bool> {
        let Some(request) = calls.next() else { return Ok(false) };
        let sent = self.stream.write(request).context("a request could not be sent")?;
        if sent < request.len() {
            bail!("a request did not fit the socket's buffer");
        }
        self.due = Some(due);
        Ok(true)
    }

    /// When the call was due whose answer has ended now.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Instant>> {
        match self.stream.read(buffer) {
            Ok(0) => bail!("a server closed a connection"),
            Ok(count) if self.answer.push(buffer.get(..count).unwrap_or_default())? => Ok(self.due.take()),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
