//! A service that answers with exactly the bytes a script gives, and remembers what it saw.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{PATIENCE, eventually};

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    /// Which connection it came by, and as which request on it.
    pub(crate) connection: usize,
    pub(crate) number: usize,
    /// Whether the script is through with it.
    pub(crate) done: bool,
}

impl Seen {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// The service's side of a connection, handed to the script after each head.
pub(crate) struct Exchange {
    reader: BufReader<TcpStream>,
    pub(crate) seen: Seen,
    /// Where the service remembers it.
    all: Arc<Mutex<Vec<Seen>>>,
    index: usize,
}

impl Exchange {
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { return Some(fields) };
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn remember(&self) {
        self.all.lock().unwrap()[self.index] = self.seen.clone();
    }

    /// Reads the body, and remembers it before anything is answered; false when it breaks off.
    pub(crate) fn read_body(&mut self) -> bool {
        let whole = self.take_body();
        self.remember();
        whole
    }

    fn take_body(&mut self) -> bool {
        let length = self.seen.all("content-length").first().map(|text| text.parse().unwrap());
        if let Some(length) = length {
            let mut body = vec![0; length];
            let whole = self.reader.read_exact(&mut body).is_ok();
            self.seen.body = body;
            return whole;
        }
        if self.seen.all("transfer-encoding").is_empty() {
            return true;
        }
        loop {
            let Some(size) = self.line() else { return false };
            let Ok(size) = usize::from_str_radix(&size, 16) else { return false };
            let mut data = vec![0; size];
            if self.reader.read_exact(&mut data).is_err() {
                return false;
            }
            if size == 0 {
                let Some(trailers) = self.fields() else { return false };
                self.seen.trailers = trailers;
                return true;
            }
            self.line();
            self.seen.body.extend(data);
        }
    }

    /// Bytes of the connection, for tunnels and endless bodies.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.reader.read(buffer).unwrap_or(0)
    }

    /// 200 and the request's line.
    pub(crate) fn answer_plainly(&mut self) -> After {
        if !self.read_body() {
            return After::Close;
        }
        let line = self.seen.line.clone();
        self.write(format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{line}", line.len()));
        After::Keep
    }

    /// Waits until the gateway closes.
    pub(crate) fn wait_for_close(&mut self) {
        let mut buffer = [0; 1024];
        while self.reader.read(&mut buffer).unwrap_or(0) > 0 {}
    }
}

/// Whether the service keeps the connection after an exchange.
#[derive(PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Close,
}

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    closed: Arc<AtomicUsize>,
}

impl Service {
    /// Runs `script` for each request, after its head was read.
    pub(crate) fn start(script: impl Fn(&mut Exchange) -> After + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script)
    }

    /// The same on an address that is known before.
    pub(crate) fn start_at(address: SocketAddr, script: impl Fn(&mut Exchange) -> After + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let service = Self { address: listener.local_addr().unwrap(), seen: Arc::default(), closed: Arc::default() };
        let (running, script) = (service.clone(), Arc::new(script));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (running, script) = (running.clone(), Arc::clone(&script));
                let Ok(stream) = stream else { return };
                thread::spawn(move || running.serve(connection, stream, &*script));
            }
        });
        service
    }

    fn serve(&self, connection: usize, stream: TcpStream, script: &dyn Fn(&mut Exchange) -> After) {
        stream.set_read_timeout(Some(PATIENCE * 3)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut exchange = Exchange { reader: BufReader::new(stream), seen: Seen::default(), all: Arc::clone(&self.seen), index: 0 };
        for number in 0.. {
            let Some(line) = exchange.line() else { break };
            let Some(headers) = exchange.fields() else { break };
            exchange.seen = Seen { line, headers, connection, number, ..Seen::default() };
            exchange.index = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(exchange.seen.clone());
                seen.len() - 1
            };
            let after = script(&mut exchange);
            exchange.seen.done = true;
            exchange.remember();
            if after == After::Close {
                break;
            }
        }
        drop(exchange);
        self.closed.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers everything with 200 and the request's line.
    pub(crate) fn plain() -> Self {
        Self::start(Exchange::answer_plainly)
    }

    /// Answers every request with these bytes.
    pub(crate) fn fixed(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |exchange| {
            if !exchange.read_body() {
                return After::Close;
            }
            exchange.write(&answer);
            After::Keep
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The latest request, once the script is through with it.
    pub(crate) fn last(&self) -> Seen {
        let latest = || self.seen.lock().unwrap().last().cloned();
        assert!(latest().is_some(), "the service saw nothing");
        eventually("the end of the exchange", || latest().is_some_and(|seen| seen.done));
        latest().unwrap()
    }

    pub(crate) fn wait_for_requests(&self, count: usize) {
        eventually("requests at the service", || self.seen.lock().unwrap().len() >= count);
    }

    pub(crate) fn wait_for_closed(&self, count: usize) {
        eventually("closed connections", || self.closed.load(Ordering::SeqCst) >= count);
    }
}
