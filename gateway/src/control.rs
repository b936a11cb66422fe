//! The other plane, as a trait. Its work runs on its own runtime, never on a gateway thread:
//! requests are spawned over there, bodies come back over a bounded channel, and what a client
//! has left behind is aborted.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, response::Parts};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use crate::body::{Body, BodyError, BoxBody, RequestBody};

/// Frames in flight between the runtimes.
const FRAMES: usize = 8;

/// What is known of the connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub struct ConnInfo {
    pub peer: SocketAddr,
}

/// Dashboard, REST API and whatever else is not the gateway's.
pub trait Control: Send + Sync + 'static {
    fn call(&self, request: Request<RequestBody>, connection: ConnInfo) -> BoxFuture<'static, Response<BoxBody>>;
}

/// Stops the work on the other runtime when nobody waits for it any more.
struct Aborting(AbortHandle);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type Frames = mpsc::Receiver<Result<Frame<Bytes>, BodyError>>;

/// A body that is made on the other runtime.
pub(crate) struct Channel {
    frames: Frames,
    hint: SizeHint,
    ended: bool,
    _work: Aborting,
}

impl Channel {
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.frames.poll_recv(cx).map(|frame| {
            self.ended |= frame.is_none();
            frame
        })
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.ended
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

struct Answer {
    parts: Parts,
    hint: SizeHint,
    ended: bool,
    frames: Frames,
}

pub(crate) async fn dispatch(
    control: &Arc<dyn Control>,
    runtime: &Handle,
    request: Request<RequestBody>,
    connection: ConnInfo,
) -> Response<Body> {
    let (head, answered) = oneshot::channel();
    let control = Arc::clone(control);
    let work = async move { run(control.call(request, connection), head).await };
    let work = Aborting(runtime.spawn(work).abort_handle());
    let Ok(answer) = answered.await else {
        // The task panicked, or its runtime is going away.
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let Answer { parts, hint, ended, frames } = answer;
    let body = if ended { Body::empty() } else { Body::channel(Channel { frames, hint, ended: false, _work: work }) };
    Response::from_parts(parts, body)
}

async fn run(call: BoxFuture<'static, Response<BoxBody>>, head: oneshot::Sender<Answer>) {
    let (parts, mut body) = call.await.into_parts();
    let (frames, received) = mpsc::channel(FRAMES);
    let ended = body.is_end_stream();
    let answer = Answer { parts, hint: body.size_hint(), ended, frames: received };
    if head.send(answer).is_err() || ended {
        return;
    }
    while let Some(frame) = body.frame().await {
        let broken = frame.is_err();
        if frames.send(frame).await.is_err() || broken {
            return;
        }
    }
}
