//! A service that tells what it was given, takes part in the life of applications, and streams.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::net::TcpSocket;

/// Where the platform tells services of applications.
const LIFECYCLE: &str = "/.mintreu/v1/applications/";
const CHUNK: usize = 64 * 1024;

#[derive(Debug, Clone, Default)]
pub struct Echo {
    pub url: String,
    /// While it is, everything is answered 503.
    pub away: Arc<AtomicBool>,
    /// Milliseconds that each call of the lifecycle takes.
    pub pause: Arc<AtomicU64>,
    /// Calls of the lifecycle that it heard.
    pub heard: Arc<AtomicU64>,
    /// Calls of products that it answered.
    pub answered: Arc<AtomicU64>,
    /// Applications that were set up, also half, and not deleted.
    known: Arc<Mutex<BTreeSet<String>>>,
}

impl Echo {
    pub fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Bounded, so that hundreds of answers that nobody reads are not gigabytes in the system.
        socket.set_send_buffer_size(4 * u32::try_from(CHUNK).unwrap()).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1024).unwrap();
        let echo = Self { url: format!("http://{}", listener.local_addr().unwrap()), ..Self::default() };
        let router = Router::new().fallback(answer).with_state(echo.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        echo
    }

    pub fn known(&self) -> BTreeSet<String> {
        self.list().clone()
    }

    fn list(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A caller that leaves before the pause is over leaves a thing half done.
    async fn lifecycle(&self, method: &Method, application: &str) -> StatusCode {
        if method == Method::PUT {
            self.list().insert(application.to_owned());
        }
        self.heard.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(self.pause.load(Ordering::SeqCst))).await;
        if method == Method::DELETE && !self.list().remove(application) {
            return StatusCode::GONE;
        }
        StatusCode::OK
    }
}

async fn answer(State(echo): State<Echo>, method: Method, uri: Uri, request: Request) -> Response {
    if echo.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let path = uri.path();
    if let Some(application) = path.strip_prefix(LIFECYCLE) {
        return echo.lifecycle(&method, application).await.into_response();
    }
    echo.answered.fetch_add(1, Ordering::SeqCst);
    if let Some(pause) = path.strip_prefix("/v1/echo/slow/").and_then(|rest| rest.split('/').next()) {
        tokio::time::sleep(Duration::from_millis(pause.parse().unwrap_or(0))).await;
    }
    if let Some(bytes) = path.strip_prefix("/v1/echo/download/") {
        return bytes.parse().map_or_else(|_| StatusCode::BAD_REQUEST.into_response(), download);
    }
    if path.starts_with("/v1/echo/kept/") {
        return ([(header::CACHE_CONTROL, "max-age=60")], Json(told(path, request.headers()))).into_response();
    }
    if path == "/v1/echo/upload" {
        return upload(request.into_body()).await;
    }
    Json(told(path, request.headers())).into_response()
}

fn told(path: &str, headers: &HeaderMap) -> serde_json::Value {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    json!({
        "path": path,
        "application": header("mintreu-application"),
        "tenant": header("mintreu-tenant"),
        "database": header("mintreu-database-url"),
        "authorization": header("authorization"),
    })
}

/// A body of that many bytes, made as it is sent, by turns with others.
pub fn body(bytes: u64) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let chunk = Bytes::from(vec![b'm'; CHUNK]);
    stream::unfold(bytes, move |left| {
        let size = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let chunk = chunk.slice(..size);
        async move {
            tokio::task::yield_now().await;
            (left > 0).then(|| (Ok(chunk), left - size as u64))
        }
    })
}

fn download(bytes: u64) -> Response {
    Body::from_stream(body(bytes)).into_response()
}

/// Tells how many bytes came.
async fn upload(body: Body) -> Response {
    let mut stream = body.into_data_stream();
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => bytes += chunk.len() as u64,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    }
    Json(json!({ "bytes": bytes })).into_response()
}
