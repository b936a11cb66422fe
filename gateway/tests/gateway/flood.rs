//! Clients that mean harm: whatever they send, in either version, costs bounded memory and leaves
//! the others served (RFC 9113 §10.5, RFC 9110 §17).

use std::{
    io::{Read as _, Write as _},
    sync::{Mutex, atomic::Ordering, mpsc},
    time::{Duration, Instant},
};

use crate::support::{
    Client, Service, World, eventually,
    http2::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, GO_AWAY, HEADERS, PING, REFUSED_STREAM, RESET, Raw, SETTINGS, WINDOW_UPDATE, fields,
        frame,
    },
    service::After,
};

/// What this process holds in memory now, in bytes.
fn held() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Other tests run in this process too; what these floods send is several times as much.
const BOUND: usize = 96 << 20;

/// Sends `piece` until `total` bytes are gone, the other side has closed, or it takes no more.
fn flood(client: &mut Client, piece: &[u8], total: usize) {
    client.stream().set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    while sent < total && client.stream().write_all(piece).is_ok() {
        sent += piece.len();
    }
}

fn is_served(world: &World) {
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.http2().call(world.request("GET", "/products/shop/v1").body(()).unwrap()).status, 200);
}

fn head(world: &World, path: &str) -> Vec<u8> {
    let authorization = world.key.basic();
    let authorization = authorization.trim().split_once(": ").unwrap().1;
    fields(&[(":method", "GET"), (":scheme", "http"), (":authority", "gw"), (":path", path), ("authorization", authorization)])
}

fn cancel(stream: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &8_u32.to_be_bytes())
}

/// CVE-2023-44487: the connection goes away, and what was begun with it.
#[test]
fn rapid_resets_end_the_connection() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let head = head(&world, "/products/shop/v1");
    let mut raw = Raw::connect(world.address);
    let mut sent = 0;
    for stream in (1..200_000).step_by(2) {
        let pair = [frame(HEADERS, END_HEADERS | END_STREAM, stream, &head), cancel(stream)].concat();
        if raw.0.try_send(&pair).is_err() {
            break;
        }
        sent += 1;
    }
    assert!(sent < 90_000, "the connection took {sent} resets");
    eventually("the end of all calls", || world.gateway.snapshot().in_flight == 0);
    assert!(held().saturating_sub(before) < BOUND);
    is_served(&world);
}

/// The same, slow enough for each call to reach its service.
#[test]
fn a_client_that_only_begins_and_cancels_is_cut_off() {
    let service = Service::start(|exchange| {
        if exchange.seen.line.contains("hang") {
            exchange.wait_for_close();
            return After::Close;
        }
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        After::Keep
    });
    let world = World::new(&service);
    let head = head(&world, "/products/shop/hang");
    let mut raw = Raw::connect(world.address);
    let mut calls = 0;
    for stream in (1..).step_by(2) {
        raw.0.try_send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)).ok();
        let lives = raw.settle();
        raw.0.try_send(cancel(stream)).ok();
        if !lives || !raw.settle() {
            break;
        }
        calls += 1;
        assert!(calls < 2_000);
    }
    assert!(calls >= 400, "cut off after {calls}");
    eventually("the end of all calls", || world.gateway.snapshot().in_flight == 0);
    is_served(&world);
}

/// CVE-2024-27316: a head that never ends.
#[test]
fn continuations_without_end_close_the_connection() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let filler = fields(&[("x-filler", &"y".repeat(16_000))]);
    let mut raw = Raw::connect(world.address);
    raw.send(frame(HEADERS, END_STREAM, 1, &head(&world, "/products/shop/v1")));
    flood(&mut raw.0, &frame(CONTINUATION, 0, 1, &filler), 256 << 20);
    assert!(raw.0.try_send(frame(CONTINUATION, 0, 1, &filler)).is_err());
    let mut raw = Raw::connect(world.address);
    raw.send(frame(HEADERS, END_STREAM, 1, &head(&world, "/products/shop/v1")));
    flood(&mut raw.0, &frame(CONTINUATION, 0, 1, &[]), 256 << 20);
    assert!(raw.0.try_send(frame(CONTINUATION, 0, 1, &[])).is_err());
    assert!(held().saturating_sub(before) < BOUND);
    assert!(service.seen().is_empty());
    is_served(&world);
}

/// RFC 7541 §7.3: a few bytes that stand for many.
#[test]
fn a_head_that_unpacks_to_much_is_refused() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let mut raw = Raw::connect(world.address);
    // One large field goes into the table; one byte each refers to it.
    let mut block = head(&world, "/products/shop/v1");
    let mut large = fields(&[("x-large", &"y".repeat(3_900))]);
    large[0] = 0x40;
    block.extend(large);
    block.extend(vec![0xbe; 12_000]);
    for stream in (1..200).step_by(2) {
        raw.0.try_send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)).ok();
    }
    let answer = raw.next_of(&[HEADERS, RESET, GO_AWAY]).unwrap();
    assert!(answer.kind != HEADERS || answer.payload[0] == 0x48, "{answer:?}");
    assert!(held().saturating_sub(before) < BOUND);
    assert!(service.seen().is_empty());
    is_served(&world);
}

/// CVE-2019-9512, -9515, -9518: questions whose answers nobody reads, and frames that say nothing.
#[test]
fn frames_that_only_make_work_cost_no_memory() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let settings = [0, 4, 0, 0, 255, 255];
    for noise in [
        frame(PING, 0, 0, b"12345678"),
        frame(SETTINGS, 0, 0, &settings.repeat(100)),
        frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
        frame(2, 0, 1, &[0, 0, 0, 0, 1]),
        frame(0xbb, 0, 0, &[0; 1_000]),
    ] {
        let mut raw = Raw::connect(world.address);
        flood(&mut raw.0, &noise.repeat(100), 16 << 20);
    }
    let mut raw = Raw::connect(world.address);
    raw.send(frame(HEADERS, END_HEADERS, 1, &head(&world, "/products/shop/v1")));
    flood(&mut raw.0, &frame(DATA, 0, 1, &[]).repeat(100), 16 << 20);
    assert!(held().saturating_sub(before) < BOUND);
    is_served(&world);
}

/// RFC 9113 §5.1.2.
#[test]
fn more_streams_than_allowed_are_refused() {
    let service = Service::start(|exchange| {
        exchange.wait_for_close();
        After::Close
    });
    let world = World::with(&service, |settings| settings.max_streams = 3, |_| {});
    let mut raw = Raw::connect(world.address);
    assert!(raw.settle());
    let head = head(&world, "/products/shop/v1");
    for stream in [1, 3, 5, 7, 9] {
        raw.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
    }
    for stream in [7, 9] {
        let refused = raw.next_of(&[RESET]).unwrap();
        assert_eq!((refused.stream, refused.code()), (stream, REFUSED_STREAM));
    }
    service.wait_for_requests(3);
    assert_eq!(world.gateway.snapshot().in_flight, 3);
}

/// CVE-2019-9511, -9517: a client that asks for much and takes nothing.
#[test]
fn answers_that_nobody_takes_are_not_read_from_their_services() {
    let service = Service::start(|exchange| {
        let piece = vec![7; 1 << 20];
        exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 64 << 20));
        for _ in 0..64 {
            exchange.write(&piece);
        }
        After::Close
    });
    let world = World::new(&service);
    let before = held();
    let head = head(&world, "/products/shop/v1");
    let clients: Vec<Raw> = (0..3)
        .map(|_| {
            let mut raw = Raw::connect(world.address);
            // No window for any stream.
            raw.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
            for stream in (1..40).step_by(2) {
                raw.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
            }
            raw
        })
        .collect();
    service.wait_for_requests(60);
    eventually("all heads", || world.gateway.snapshot().in_flight == 60);
    assert!(held().saturating_sub(before) < BOUND);
    drop(clients);
    eventually("the end of all calls", || world.gateway.snapshot().in_flight == 0);
}

/// The same, seen by the clock: the calls end, and the connection lives on.
#[test]
fn a_stream_whose_client_takes_nothing_is_reset() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let service = Service::start(move |exchange| {
        let body = if exchange.seen.line.contains("large") { 1 << 20 } else { 2 };
        if body == 2 {
            held.lock().unwrap().recv().unwrap();
        }
        exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n"));
        exchange.write(vec![7; body]);
        After::Keep
    });
    let patience = Duration::from_millis(200);
    let world = World::with(&service, |settings| settings.write_idle = patience, |_| {});
    let mut raw = Raw::connect(world.address);
    raw.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(&world, "/products/shop/large")));
    let reset = raw.next_of(&[RESET, GO_AWAY]).unwrap();
    assert_eq!((reset.kind, reset.stream), (RESET, 1));
    assert_eq!(world.usage_of(1)[0].status, 200);
    // One that waits for its service is left alone.
    raw.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]));
    raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 3, &head(&world, "/products/shop/v1")));
    service.wait_for_requests(2);
    let began = Instant::now();
    eventually("more than the patience to pass", || began.elapsed() > patience * 2);
    release.send(()).unwrap();
    assert_eq!(raw.next_of(&[DATA]).unwrap().payload, [7, 7]);
}

/// RFC 9112 §2.3, §3, §7.1.1: what never ends is cut off, wherever it stands.
#[test]
fn heads_without_end_are_cut_off_in_http_1_too() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let chunked = format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Transfer-Encoding: chunked\r\n\r\n", world.key.basic());
    for (begin, piece) in [
        ("GET /", "x".repeat(8_000)),
        ("GET / HTTP/1.1\r\nHost: gw\r\n", "X-Filler: y\r\n".repeat(500)),
        ("GET / HTTP/1.1\r\nHost: gw\r\nX-Long: ", "y".repeat(8_000)),
        ("", "\r\n".repeat(4_000)),
        (&format!("{chunked}1;"), "x".repeat(8_000)),
        (&format!("{chunked}0\r\n"), "X-Trailer: y\r\n".repeat(500)),
    ] {
        let mut client = world.client();
        client.send(begin);
        flood(&mut client, piece.as_bytes(), 64 << 20);
        assert!(client.try_send(&piece).is_err(), "{begin:?}");
    }
    assert!(held().saturating_sub(before) < BOUND);
    is_served(&world);
}

#[test]
fn pipelined_requests_whose_answers_nobody_reads_wait_outside() {
    let service = Service::plain();
    let world = World::new(&service);
    let before = held();
    let mut client = world.client();
    let request = format!("GET /.well-known/jwks.json HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    flood(&mut client, request.repeat(100).as_bytes(), 128 << 20);
    assert!(held().saturating_sub(before) < BOUND);
    is_served(&world);
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.max_connections_per_address = 5, |_| {});
    let mut kept: Vec<Client> = (0..5).map(|_| world.client()).collect();
    eventually("the connections", || world.gateway.snapshot().connections == 5);
    assert!(world.client().is_closed());
    assert!(world.client().is_closed());
    assert_eq!(world.gateway.snapshot().connections_refused, 2);
    kept.pop();
    eventually("a free seat", || world.gateway.snapshot().connections == 4);
    eventually("an answer", || {
        let mut client = world.client();
        client.try_send("GET /.well-known/jwks.json HTTP/1.1\r\nHost: gw\r\n\r\n").is_ok() && client.line().contains("200")
    });
}

#[test]
fn the_process_has_so_many_connections_and_others_wait_for_their_turn() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.max_connections = 2, |_| {});
    let first: Vec<Client> = (0..2).map(|_| world.client()).collect();
    eventually("the connections", || world.gateway.snapshot().connections == 2);
    let mut later = world.client();
    later.send("GET /.well-known/jwks.json HTTP/1.1\r\nHost: gw\r\n\r\n");
    drop(first);
    assert_eq!(later.receive().status, 200);
}

#[test]
fn silence_is_not_waited_for() {
    let service = Service::plain();
    let short = Duration::from_millis(100);
    let world = World::with(
        &service,
        |settings| {
            settings.header_timeout = short;
            settings.handshake_timeout = short;
        },
        |_| {},
    );
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    for begin in ["", "P", "PRI", "PRI * HTTP/2.0\r\n", "GET /", &request[..request.len() - 2]] {
        let mut client = world.client();
        client.send(begin);
        let mut rest = Vec::new();
        let ended = client.stream().read_to_end(&mut rest);
        assert!(ended.is_ok() && !rest.starts_with(b"HTTP/1.1 2"), "{begin:?}: {ended:?}");
    }
    let mut idle = world.client();
    idle.send(&request);
    assert_eq!(idle.receive().status, 200);
    assert!(idle.is_closed());
    assert!(service.seen().len() == 1);
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let service = Service::start(|exchange| {
        let piece = vec![7; 1 << 20];
        exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 64 << 20));
        for _ in 0..64 {
            exchange.write(&piece);
        }
        After::Close
    });
    let world = World::with(&service, |settings| settings.write_idle = Duration::from_millis(200), |_| {});
    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    service.wait_for_closed(1);
    eventually("the end of the call", || world.gateway.snapshot().in_flight == 0);
    let record = world.usage_of(1).remove(0);
    assert_eq!(record.status, 200);
    assert!(record.bytes_out < 2 << 20, "the system holds {} bytes for it", record.bytes_out);
    assert_eq!(world.gateway.snapshot().connections, 0);
    drop(client);
    assert_eq!(world.dashboard.load(Ordering::SeqCst), 0);
}
