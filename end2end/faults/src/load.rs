//! Calls to the gateway, many at once, and what became of each. Every call has a number that the
//! service says back, so that an answer that belongs to another one is seen.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::company::Caller;

/// Longer than any call takes that goes well.
const PATIENCE: Duration = Duration::from_secs(20);
/// After everybody has refused a connection.
const AGAIN: Duration = Duration::from_millis(5);

/// Whom to call, and as whom; when one refuses connections the next one is called.
#[derive(Debug, Clone)]
pub struct Target {
    pub addresses: Vec<SocketAddr>,
    pub authorization: String,
}

impl Target {
    pub fn new(caller: &Caller, urls: &[&str]) -> Self {
        let addresses = urls.iter().map(|url| url.trim_start_matches("http://").parse().unwrap()).collect();
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", caller.id, caller.secret)));
        Self { addresses, authorization }
    }

    /// The head of a call, up to its blank line.
    pub fn head(&self, method: &str, path: &str, more: &str) -> String {
        format!("{method} /products/echo{path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: {}\r\n{more}\r\n", self.authorization)
    }
}

/// How a lane of the load goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// One call after the other on a connection that is kept.
    Kept,
    /// A connection for each call.
    Fresh,
    /// Kept, to a service that takes so many milliseconds.
    Slow(u64),
    /// Kept, one call each time that so much has passed.
    Every(Duration),
}

/// What became of calls.
#[derive(Debug, Default)]
pub struct Tally {
    /// Whose first byte was given to the system.
    pub attempted: u64,
    /// By status, of those whose answer came whole.
    pub answers: BTreeMap<u16, u64>,
    /// Sent, and no answer came.
    pub unanswered: u64,
    /// The head of the answer came, and not all of the rest.
    pub broken: u64,
    /// Answered with somebody else's answer.
    pub mixed_up: u64,
    /// Nobody took the connection, so nothing was sent.
    pub refused: u64,
    /// How long the paced calls waited.
    pub waits: Vec<Duration>,
}

impl Tally {
    pub fn of(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or(0)
    }

    /// What the client saw of a service's answer, which is what must be billed.
    pub fn delivered(&self) -> u64 {
        self.of(200) + self.broken
    }

    /// What went otherwise than well.
    pub fn failed(&self) -> u64 {
        self.attempted - self.of(200) + self.mixed_up
    }

    pub fn merge(&mut self, other: Self) {
        self.attempted += other.attempted;
        self.unanswered += other.unanswered;
        self.broken += other.broken;
        self.mixed_up += other.mixed_up;
        self.refused += other.refused;
        self.waits.extend(other.waits);
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
    }

    pub fn p99(&mut self) -> Duration {
        self.waits.sort_unstable();
        let at = (self.waits.len() * 99).div_ceil(100).saturating_sub(1);
        self.waits.get(at).copied().unwrap_or_default()
    }
}

/// Calls that go on until [`Load::end`].
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    lanes: JoinSet<Tally>,
    answered: Arc<AtomicU64>,
}

impl Load {
    pub fn start(target: &Target, habits: &[(usize, Habit)]) -> Self {
        let (stop, answered, mut lanes) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default(), JoinSet::new());
        for &(count, habit) in habits {
            for number in 0..count {
                let lane = Lane { target: target.clone(), habit, connection: None, turn: number, tally: Tally::default() };
                let share = f64::from(u32::try_from(number).unwrap()) / f64::from(u32::try_from(count).unwrap());
                lanes.spawn(lane.run(Arc::clone(&stop), Arc::clone(&answered), share));
            }
        }
        Self { stop, lanes, answered }
    }

    /// Calls that were answered so far, whatever the status.
    pub fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// No more calls; the ones under way end.
    pub async fn end(mut self) -> Tally {
        self.stop.store(true, Relaxed);
        let mut tally = Tally::default();
        while let Some(lane) = self.lanes.join_next().await {
            tally.merge(lane.unwrap());
        }
        tally
    }
}

struct Lane {
    target: Target,
    habit: Habit,
    connection: Option<BufReader<TcpStream>>,
    /// Whose turn it is to be called.
    turn: usize,
    tally: Tally,
}

/// The end of an exchange that began.
enum Ended {
    Answered { status: u16, closes: bool, right: bool },
    Broken,
}

impl Lane {
    async fn run(mut self, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>, share: f64) -> Tally {
        let every = match self.habit {
            Habit::Every(every) => Some(every),
            _ => None,
        };
        let mut due = Instant::now() + every.unwrap_or_default().mul_f64(share);
        while !stop.load(Relaxed) {
            // A call that is late because the one before took long has waited since it was due.
            let mut began = due;
            if let Some(early) = due.checked_duration_since(Instant::now()) {
                sleep(early).await;
                began = Instant::now();
            }
            if self.call().await {
                answered.fetch_add(1, Relaxed);
            }
            if let Some(every) = every {
                self.tally.waits.push(began.elapsed());
                due += every;
            }
        }
        self.tally
    }

    async fn call(&mut self) -> bool {
        let Some(mut connection) = self.connect().await else {
            self.tally.refused += 1;
            sleep(AGAIN).await;
            return false;
        };
        let number = fastrand::u64(..);
        let path = match self.habit {
            Habit::Slow(pause) => format!("/v1/echo/slow/{pause}/{number}"),
            _ => format!("/v1/echo/{number}"),
        };
        self.tally.attempted += 1;
        let head = self.target.head("GET", &path, "");
        match timeout(PATIENCE, exchange(&mut connection, head.as_bytes(), &path)).await {
            Ok(Ok(Ended::Answered { status, closes, right })) => {
                *self.tally.answers.entry(status).or_default() += 1;
                self.tally.mixed_up += u64::from(!right);
                if !closes && self.habit != Habit::Fresh {
                    self.connection = Some(connection);
                }
                return true;
            }
            Ok(Ok(Ended::Broken)) => self.tally.broken += 1,
            Ok(Err(_)) | Err(_) => self.tally.unanswered += 1,
        }
        false
    }

    async fn connect(&mut self) -> Option<BufReader<TcpStream>> {
        if let Some(kept) = self.connection.take() {
            return Some(kept);
        }
        for _ in &self.target.addresses {
            let address = self.target.addresses[self.turn % self.target.addresses.len()];
            if let Ok(stream) = TcpStream::connect(address).await {
                stream.set_nodelay(true).unwrap();
                return Some(BufReader::new(stream));
            }
            self.turn += 1;
        }
        None
    }
}

/// An error is one before the head of the answer was there.
async fn exchange(connection: &mut BufReader<TcpStream>, request: &[u8], path: &str) -> io::Result<Ended> {
    connection.write_all(request).await?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length = field("content-length").and_then(|length| length.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    if connection.read_exact(&mut body).await.is_err() {
        return Ok(Ended::Broken);
    }
    let right = status != 200 || String::from_utf8_lossy(&body).contains(&format!("\"{path}\""));
    Ok(Ended::Answered { status, closes: field("connection").is_some_and(|field| field == "close"), right })
}
