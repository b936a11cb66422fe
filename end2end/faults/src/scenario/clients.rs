//! Clients that leave at any moment of a call, and a thousand that are slow: nothing is left in
//! flight, and who behaves well does not notice.

use std::{io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt as _, stream};
use mintreu_faults::{
    books::{metric, settled},
    load::{Habit, Target},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    Wish,
    report::Report,
    scene::{Quota, Scene, told},
};

const AT_ONCE: usize = 50;
const SOON: Duration = Duration::from_secs(10);
const HEALTHY: [(usize, Habit); 1] = [(10, Habit::Every(Duration::from_millis(100)))];
const BOUND: Duration = Duration::from_millis(100);
/// Within this time all of the slow clients.
const COME: Duration = Duration::from_secs(2);

/// Where in a call a client leaves.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    InHead,
    InBody,
    Waiting,
    Reading,
}

const LEAVES: [Leaves; 4] = [Leaves::InHead, Leaves::InBody, Leaves::Waiting, Leaves::Reading];

#[derive(Debug, Clone, Copy)]
enum Slow {
    Head,
    Body,
    Reader,
}

const SLOW: [Slow; 3] = [Slow::Head, Slow::Body, Slow::Reader];

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let scene = Scene::open(wish, Quota::Stops).await;
    let mut report = Report::default();
    aborts(&scene, wish.rounds(2_000, 10_000), &mut report).await;
    slow(&scene, wish, &mut report).await;
    report
}

async fn aborts(scene: &Scene, count: u32, report: &mut Report) {
    let target = scene.target();
    let place = &scene.platform.place;
    let before = scene.books().await.quotas;
    // Of this program itself, which asks it.
    let own = metric(place, "mintreu_gateway_connections").await.unwrap_or_default();
    let calls = stream::iter(0..count).map(|number| {
        let target = target.clone();
        async move { abort(&target, LEAVES[number as usize % LEAVES.len()]).await }
    });
    let failed = calls.buffer_unordered(AT_ONCE).filter(|outcome| std::future::ready(outcome.is_err())).count().await;
    report.demand(failed == 0, || format!("{failed} clients were sent away before they left"));
    match settled(place, SOON).await {
        Ok(took) => report.saw(format!("{count} clients left in the middle of a call; nothing in flight {took:.1?} later")),
        Err(finding) => report.found(finding),
    }
    for (name, most) in [("mintreu_gateway_address_in_flight", 0.0), ("mintreu_gateway_connections", own)] {
        let mut value = metric(place, name).await;
        for _ in 0..100 {
            if value.is_some_and(|value| value <= most) {
                break;
            }
            sleep(SOON / 100).await;
            value = metric(place, name).await;
        }
        report.demand(value.is_some_and(|value| value <= most), || format!("{name} is still {value:?}"));
    }
    let left = metric(place, "mintreu_gateway_client_left_total").await.unwrap_or_default();
    let billed = scene.books().await.quotas - before;
    report.saw(format!("{left} of them before the answer began; {billed} billed, whose answer had begun"));
    report.demand(billed <= u64::from(count), || format!("{billed} calls are billed of {count}"));
    let load = scene.load(&HEALTHY);
    sleep(Duration::from_secs(1)).await;
    let tally = load.end().await;
    report.demand(tally.failed() == 0, || format!("afterwards {}", told(&tally)));
}

/// A call that the client gives up at a random moment of one part of it.
async fn abort(target: &Target, leaves: Leaves) -> io::Result<()> {
    let mut stream = TcpStream::connect(target.addresses[0]).await?;
    stream.set_nodelay(true)?;
    let moment = Duration::from_micros(fastrand::u64(0..50_000));
    let head = match leaves {
        Leaves::InHead | Leaves::Waiting => target.head("GET", "/v1/echo/slow/50/x", ""),
        Leaves::InBody => target.head("POST", "/v1/echo/upload", "Content-Length: 100000\r\n"),
        Leaves::Reading => target.head("GET", "/v1/echo/download/1000000", ""),
    };
    match leaves {
        Leaves::InHead => stream.write_all(&head.as_bytes()[..fastrand::usize(1..head.len())]).await?,
        Leaves::InBody => {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&vec![b'm'; fastrand::usize(1..100_000)]).await?;
            sleep(moment).await;
        }
        Leaves::Waiting => {
            stream.write_all(head.as_bytes()).await?;
            sleep(moment).await;
        }
        Leaves::Reading => {
            stream.write_all(head.as_bytes()).await?;
            let mut some = vec![0; fastrand::usize(1..500_000)];
            stream.read_exact(&mut some).await?;
        }
    }
    if fastrand::bool() {
        // A reset, where the other way is an end in good order.
        stream.set_zero_linger()?;
    }
    Ok(())
}

async fn slow(scene: &Scene, wish: &Wish<'_>, report: &mut Report) {
    let place = &scene.platform.place;
    let time = Duration::from_secs(wish.seconds(10, 60).into());
    let quiet = scene.load(&HEALTHY);
    sleep(Duration::from_secs(2)).await;
    let quiet = quiet.end().await.p99();
    let mut slow = JoinSet::new();
    for number in 0..1_000 {
        let target = scene.target();
        slow.spawn(async move {
            sleep(COME.mul_f64(fastrand::f64())).await;
            dawdle(&target, SLOW[number % SLOW.len()]).await
        });
    }
    let load = scene.load(&HEALTHY);
    // Those whose heads come slowly are let go after a while.
    sleep(COME * 2).await;
    let there = metric(place, "mintreu_gateway_connections").await.unwrap_or_default();
    sleep(time.saturating_sub(COME * 2)).await;
    let mut tally = load.end().await;
    slow.shutdown().await;
    let p99 = tally.p99();
    report.saw(format!("Beside 1000 slow clients for {time:?}, {there} there: a healthy one's p99 is {p99:.1?}, alone {quiet:.1?}"));
    report.demand(there >= 1_000.0, || format!("only {there} connections were there"));
    report.demand(p99 <= BOUND, || format!("a healthy client's p99 is {p99:?}"));
    report.demand(tally.failed() == 0, || format!("healthy clients: {}", told(&tally)));
    if let Err(finding) = settled(place, SOON).await {
        report.found(format!("when the slow ones had left: {finding}"));
    }
}

/// A byte, or little more, a second.
async fn dawdle(target: &Target, slow: Slow) -> io::Result<()> {
    let mut stream = connected(target.addresses[0]).await?;
    let head = match slow {
        Slow::Head => target.head("GET", "/v1/echo/x", ""),
        Slow::Body => target.head("POST", "/v1/echo/upload", "Content-Length: 100000\r\n"),
        Slow::Reader => target.head("GET", "/v1/echo/download/100000000", ""),
    };
    match slow {
        Slow::Head => {
            for byte in head.bytes() {
                stream.write_all(&[byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        Slow::Body => {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(b"m").await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        Slow::Reader => {
            stream.write_all(head.as_bytes()).await?;
            let mut some = [0; 1024];
            while stream.read(&mut some).await? > 0 {
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
    Ok(())
}

/// With little room of its own: what all of them together have would be the system's memory for TCP,
/// whose end stops everybody.
async fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(16 * 1024)?;
    timeout(SOON, socket.connect(address)).await.map_err(io::Error::other)?
}
