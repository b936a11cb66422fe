//! One HTTP/1.1 connection of a client (RFC 9112): a head, its call, its answer, and again. The task
//! of the connection does all of it, and listens meanwhile: to a client that leaves, and for a body
//! that somebody asks for. Decision 16 says why it is not hyper's server.

mod answer;
pub(crate) mod head;
mod incoming;

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::AsyncWriteExt as _,
    time::{Instant, Sleep, sleep, timeout},
};

pub(crate) use self::incoming::Incoming;
use self::{
    answer::{Asked, Writing, Written},
    head::{Frame, Reading},
    incoming::{End, Source},
};
use super::{accept::Worker, wire::Wire};
use crate::{
    body::RequestBody,
    http1::{Framing, ROOM, fill},
    message::Request,
    problem::{Code, Problem},
    trace::RequestTag,
    tunnel::Tunnel,
};

/// What is read of a client that was told to go, so that the system does not take the answer back.
const LEFT_UNREAD: usize = 256 * 1024;
const LINGERING: Duration = Duration::from_secs(1);
/// A connection that waits for its next call keeps buffers of so many bytes.
const KEPT: usize = 16 * 1024;

struct Connection {
    wire: Wire,
    reading: Reading,
    /// What is to be written next.
    out: Vec<u8>,
    patience: Patience,
}

/// How long the next head may take. The timer runs on from one to the next, and is set anew only when
/// it comes too early.
struct Patience {
    limit: Duration,
    until: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer wakes the task of this connection.
    wakes: bool,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, until: Instant::now() + limit, timer: Box::pin(sleep(limit)), wakes: false }
    }

    fn begin(&mut self) {
        self.until = Instant::now() + self.limit;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.wakes && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.until {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.until);
        }
        self.wakes = true;
        Poll::Pending
    }
}

/// What comes after an exchange.
enum After {
    Another,
    /// No other request is read.
    Close,
    /// The client is gone, or has to see that something is missing.
    Gone,
    Tunnel(Box<Tunnel>),
}

impl Worker {
    pub(super) async fn serve_http1(&self, wire: Wire, peer: SocketAddr) {
        let patience = Patience::new(self.gateway.settings().header_timeout);
        let mut connection = Connection { wire, reading: Reading::default(), out: Vec::new(), patience };
        let mut last_call = pin!(self.last_call());
        let mut request = Request::default();
        loop {
            request.clear();
            connection.shrink();
            let after = match connection.head(&mut request, last_call.as_mut()).await {
                Ok(Some(frame)) => connection.exchange(self, &mut request, frame, peer).await,
                Ok(None) => After::Gone,
                Err(problem) => connection.refuse(self, problem).await,
            };
            match after {
                After::Another => {}
                After::Close => return connection.close().await,
                After::Gone => return,
                After::Tunnel(tunnel) => return tunnel.carry(connection.wire, connection.reading.bytes.freeze()).await,
            }
        }
    }
}

impl Connection {
    /// Lets go of what a large body needed.
    fn shrink(&mut self) {
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        if self.reading.bytes.is_empty() && self.reading.bytes.capacity() > KEPT {
            self.reading.bytes = BytesMut::new();
        }
    }

    /// Reads the next head into `request`; `None` when none comes.
    async fn head(&mut self, request: &mut Request, mut last_call: Pin<&mut impl Future<Output = ()>>) -> Result<Option<Frame>, Problem> {
        self.patience.begin();
        poll_fn(|cx| {
            loop {
                if let Some(frame) = self.reading.take(request)? {
                    return Poll::Ready(Ok(Some(frame)));
                }
                match fill(&mut self.wire, &mut self.reading.bytes, ROOM, cx) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(Ok(None)),
                    Poll::Pending => break,
                }
            }
            if self.patience.poll(cx).is_ready() {
                let begun = !self.reading.bytes.is_empty();
                return Poll::Ready(if begun {
                    Err(Problem::new(Code::RequestTimeout, "The head of the request did not arrive in time."))
                } else {
                    Ok(None)
                });
            }
            last_call.as_mut().poll(cx).map(|()| Ok(None))
        })
        .await
    }

    async fn exchange(&mut self, worker: &Worker, request: &mut Request, frame: Frame, peer: SocketAddr) -> After {
        let Frame { framing, expects, mut keeps } = frame;
        let asked = Asked::new(request);
        let (body, mut upload) = self.body(framing, expects);
        let answered = {
            let mut answering = pin!(worker.dispatch(request, body, peer));
            poll_fn(|cx| {
                if let Poll::Ready(response) = answering.as_mut().poll(cx) {
                    return Poll::Ready(Some(response));
                }
                self.listen(&mut upload, cx).map(|()| None)
            })
            .await
        };
        let Some(response) = answered else { return After::Gone };
        keeps &= !worker.shutdown.is_cancelled();
        if let Some(upload) = &mut upload {
            upload.answered();
        }
        // Nobody reads what is left of the body: another request could not be told from it.
        if upload.as_ref().is_some_and(Source::is_abandoned)
            && upload.take().is_some_and(|mut upload| !upload.skip(&mut self.reading.bytes))
        {
            keeps = false;
        }
        let mut writing = Writing::begin(&mut self.out, response, asked, &mut keeps);
        let written = poll_fn(|cx| {
            if let Poll::Ready(written) = writing.poll(&mut self.wire, &mut self.out, cx) {
                return Poll::Ready(written.ok());
            }
            self.listen(&mut upload, cx).map(|()| None)
        })
        .await;
        drop(writing);
        self.out.clear();
        match written {
            Some(Written::Whole) => {}
            Some(Written::Tunnel(tunnel)) => return After::Tunnel(tunnel),
            Some(Written::Hidden) => {
                self.wire.reset();
                return After::Gone;
            }
            Some(Written::Broken) | None => return After::Gone,
        }
        // The answer came early, and the service takes the rest of the body all the same.
        while let Some(source) = &mut upload {
            let end = poll_fn(|cx| source.poll(&mut self.wire, &mut self.reading.bytes, &mut self.out, cx)).await;
            keeps &= end == End::Whole || (end == End::Abandoned && source.skip(&mut self.reading.bytes));
            upload = None;
        }
        if keeps { After::Another } else { After::Close }
    }

    /// A body that is here already needs nobody to read it.
    fn body(&mut self, framing: Framing, expects: bool) -> (RequestBody, Option<Source>) {
        let read = &mut self.reading.bytes;
        match framing {
            Framing::Over => (RequestBody::empty(), None),
            Framing::Length { left } if left <= read.len() as u64 => {
                let length = usize::try_from(left).unwrap_or(usize::MAX);
                (RequestBody::whole(read.split_to(length).freeze()), None)
            }
            _ => {
                let (body, mut source) = incoming::pair(framing, expects);
                let over = source.take(read) == Some(End::Whole);
                (body.into(), Some(source).filter(|_| !over))
            }
        }
    }

    /// Reads what is asked for of a body, and listens after it. Ready when the client is gone.
    fn listen(&mut self, upload: &mut Option<Source>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(source) = upload {
            match ready!(source.poll(&mut self.wire, &mut self.reading.bytes, &mut self.out, cx)) {
                End::Whole => *upload = None,
                // What comes now is the rest of it; or nothing, and whoever had the body says so.
                End::Abandoned | End::Broken => return Poll::Pending,
            }
        }
        // The next request waits for its turn.
        if !self.reading.bytes.is_empty() {
            return Poll::Pending;
        }
        ready!(fill(&mut self.wire, &mut self.reading.bytes, 2, cx))
            .map_or(Poll::Ready(()), |read| if read == 0 { Poll::Ready(()) } else { Poll::Pending })
    }

    /// Answers what cannot be read, and nothing after it.
    async fn refuse(&mut self, worker: &Worker, problem: Problem) -> After {
        worker.gateway.metrics().refused(problem.code);
        let response = problem.closing().into_response(&RequestTag::new());
        let mut keeps = false;
        let mut writing = Writing::begin(&mut self.out, response, Asked::default(), &mut keeps);
        let written = poll_fn(|cx| writing.poll(&mut self.wire, &mut self.out, cx)).await;
        if written.is_ok() { After::Close } else { After::Gone }
    }

    /// Says that nothing follows, and reads on for a little: closing on unread bytes would take the
    /// answer back (RFC 9112 §9.6).
    async fn close(mut self) {
        let mut left = LEFT_UNREAD;
        let read = &mut self.reading.bytes;
        let lingering = async {
            self.wire.shutdown().await?;
            while left > 0 {
                read.clear();
                let length = poll_fn(|cx| fill(&mut self.wire, read, ROOM, cx)).await?;
                if length == 0 {
                    break;
                }
                left = left.saturating_sub(length);
            }
            io::Result::Ok(())
        };
        let _ = timeout(LINGERING, lingering).await;
    }
}
