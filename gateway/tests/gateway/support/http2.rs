//! The same two ends in HTTP/2: a client and a service that keep the rules, by a library; and one
//! client that writes frames by hand, to break them.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
    server::SendResponse,
};
use http::{HeaderMap, Request, Response};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::Notify,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::{Answer, Client, PATIENCE, eventually};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Waits for something of the other end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(async { timeout(PATIENCE, future).await.expect("the other end says nothing") })
}

pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    RUNTIME.spawn(future);
}

fn list(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    headers.iter().map(text).collect()
}

/// A client's connection.
pub(crate) struct Http2 {
    sender: SendRequest<Bytes>,
    ended: Arc<AtomicBool>,
}

/// One stream of it.
pub(crate) struct Call {
    answer: ResponseFuture,
    upload: SendStream<Bytes>,
}

impl Http2 {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::over(wait(TcpStream::connect(address)).unwrap())
    }

    pub(crate) fn over(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = wait(h2::client::handshake(io)).unwrap();
        let ended = Arc::<AtomicBool>::default();
        let over = Arc::clone(&ended);
        RUNTIME.spawn(async move {
            let _ = connection.await;
            over.store(true, Ordering::SeqCst);
        });
        Self { sender, ended }
    }

    /// Begins a request; its body follows unless it is `whole`.
    pub(crate) fn begin(&mut self, request: Request<()>, whole: bool) -> Call {
        wait(std::future::poll_fn(|cx| self.sender.poll_ready(cx))).unwrap();
        let (answer, upload) = self.sender.send_request(request, whole).unwrap();
        Call { answer, upload }
    }

    pub(crate) fn call(&mut self, request: Request<()>) -> Answer {
        self.begin(request, true).receive()
    }

    /// Sends `body`, whose length nothing says.
    pub(crate) fn call_with(&mut self, request: Request<()>, body: impl Into<Bytes>) -> Answer {
        let mut call = self.begin(request, false);
        call.send(body, true);
        call.receive()
    }

    pub(crate) fn wait_for_end(&self) {
        eventually("the end of the connection", || self.ended.load(Ordering::SeqCst));
    }
}

impl Call {
    pub(crate) fn send(&mut self, data: impl Into<Bytes>, last: bool) {
        self.upload.send_data(data.into(), last).unwrap();
    }

    pub(crate) fn end_with(&mut self, trailers: HeaderMap) {
        self.upload.send_trailers(trailers).unwrap();
    }

    pub(crate) fn cancel(mut self) {
        self.upload.send_reset(Reason::CANCEL);
    }

    /// The head of the answer; the reason, where the stream was reset instead.
    pub(crate) fn head(&mut self) -> Result<(Answer, RecvStream), Reason> {
        let response = wait(&mut self.answer).map_err(|error| error.reason().unwrap_or(Reason::INTERNAL_ERROR))?;
        let (parts, body) = response.into_parts();
        let answer =
            Answer { status: parts.status.as_u16(), headers: list(&parts.headers), body: Vec::new(), trailers: Vec::new(), whole: true };
        Ok((answer, body))
    }

    pub(crate) fn receive(&mut self) -> Answer {
        let (mut answer, mut body) = self.head().unwrap();
        while let Some(data) = wait(body.data()) {
            let Ok(data) = data else {
                answer.whole = false;
                return answer;
            };
            body.flow_control().release_capacity(data.len()).unwrap();
            answer.body.extend(data);
        }
        match wait(body.trailers()) {
            Ok(trailers) => answer.trailers = trailers.as_ref().map(list).unwrap_or_default(),
            Err(_) => answer.whole = false,
        }
        answer
    }
}

/// One request as a service in HTTP/2 saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen2 {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) connection: usize,
}

impl Seen2 {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A service that answers by what the path says: `/hang` never, `/refuse` by refusing the stream,
/// `/die` by breaking off, `/trailers` with one, anything else with method and path; after `/last`
/// it lets the connection go.
#[derive(Clone)]
pub(crate) struct Http2Service {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen2>>>,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) cancelled: Arc<AtomicUsize>,
    pub(crate) begun: Arc<AtomicUsize>,
    /// Lets go of an answer that is to break off.
    pub(crate) breaks: Arc<Notify>,
}

impl Http2Service {
    pub(crate) fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        Self::listen(1_000, Duration::ZERO, tls)
    }

    /// Allows so many streams on a connection, and says so late.
    pub(crate) fn allowing(streams: u32) -> Self {
        Self::listen(streams, Duration::from_millis(20), None)
    }

    fn listen(streams: u32, away: Duration, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
            cancelled: Arc::default(),
            begun: Arc::default(),
            breaks: Arc::default(),
        };
        let running = service.clone();
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = running.connections.fetch_add(1, Ordering::SeqCst);
                let (running, tls) = (running.clone(), tls.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(away).await;
                    match tls {
                        None => running.serve(stream, number, streams).await,
                        Some(config) => {
                            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                                running.serve(stream, number, streams).await;
                            }
                        }
                    }
                });
            }
        });
        service
    }

    async fn serve(self, io: impl AsyncRead + AsyncWrite + Unpin, connection: usize, streams: u32) {
        let shaking = h2::server::Builder::new().max_concurrent_streams(streams).handshake(io);
        let Ok(mut connected) = shaking.await else { return };
        while let Some(Ok((request, respond))) = connected.accept().await {
            self.begun.fetch_add(1, Ordering::SeqCst);
            if request.uri().path() == "/last" {
                connected.graceful_shutdown();
            }
            tokio::spawn(self.clone().answer(request, respond, connection));
        }
    }

    async fn answer(self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>, connection: usize) {
        let (parts, mut body) = request.into_parts();
        let mut whole = Vec::new();
        let path = parts.uri.path().to_owned();
        if path == "/hang" {
            let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
            self.cancelled.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if path == "/refuse" {
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        }
        while let Some(Ok(data)) = body.data().await {
            let _ = body.flow_control().release_capacity(data.len());
            whole.extend(data);
        }
        let trailers = body.trailers().await.ok().flatten().unwrap_or_default();
        let text = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
        self.seen.lock().unwrap().push(Seen2 {
            method: parts.method.to_string(),
            uri: parts.uri.to_string(),
            headers: list(&parts.headers),
            body: whole,
            trailers: list(&trailers),
            connection,
        });
        let Ok(mut answer) = respond.send_response(Response::new(()), false) else { return };
        match path.as_str() {
            "/die" => {
                let _ = answer.send_data(Bytes::from_static(b"half"), false);
                self.breaks.notified().await;
                answer.send_reset(Reason::INTERNAL_ERROR);
            }
            "/trailers" => {
                let _ = answer.send_data(Bytes::from(text), false);
                let mut trailers = HeaderMap::new();
                trailers.insert("x-sum", "9".parse().unwrap());
                trailers.insert("mintreu-plan", "evil".parse().unwrap());
                let _ = answer.send_trailers(trailers);
            }
            _ => {
                let _ = answer.send_data(Bytes::from(text), true);
            }
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen2> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Seen2 {
        self.seen().pop().expect("the service saw nothing")
    }
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RESET: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GO_AWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// RFC 9113 §7.
pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const REFUSED_STREAM: u32 = 7;

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The error code of a reset or a farewell.
    pub(crate) fn code(&self) -> u32 {
        let at = if self.kind == GO_AWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    // RFC 7541 §5.1, with a prefix of seven bits and no Huffman code.
    let mut length = text.len();
    if length < 127 {
        bytes.push(u8::try_from(length).unwrap());
    } else {
        bytes.push(127);
        length -= 127;
        while length >= 128 {
            bytes.push(u8::try_from(length % 128).unwrap() | 128);
            length /= 128;
        }
        bytes.push(u8::try_from(length).unwrap());
    }
    bytes.extend(text.as_bytes());
}

/// Fields as literals without indexing (RFC 7541 §6.2.2).
pub(crate) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        text(&mut bytes, name);
        text(&mut bytes, value);
    }
    bytes
}

/// A connection on which frames are written by hand.
pub(crate) struct Raw(pub(crate) Client);

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut client = Client::connect(address);
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").send(frame(SETTINGS, 0, 0, &[]));
        Self(client)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.send(bytes);
        self
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        let head = self.0.try_exact(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let payload = self.0.try_exact(length as usize)?;
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of a kind; what comes before it is passed over.
    pub(crate) fn next_of(&mut self, kinds: &[u8]) -> Option<Frame> {
        loop {
            let frame = self.next()?;
            if kinds.contains(&frame.kind) && !(frame.kind == SETTINGS && frame.flags & ACK != 0) {
                return Some(frame);
            }
        }
    }

    /// Waits until the other side has worked off what was sent.
    pub(crate) fn settle(&mut self) -> bool {
        if self.0.try_send(frame(PING, 0, 0, b"settled?")).is_err() {
            return false;
        }
        matches!(self.next_of(&[PING, GO_AWAY]), Some(Frame { kind: PING, .. }))
    }
}
