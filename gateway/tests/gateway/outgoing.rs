//! Services that speak HTTP/2, and services behind https.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use http::HeaderMap;
use mintreu_gateway::{ServicePolicy, Settings};

use crate::support::{
    Client, Service, World, eventually,
    http2::{Http2Service, wait},
    service::After,
    tls::{Authority, front},
};

fn one_worker(settings: &mut Settings) {
    settings.workers = 1;
}

fn by_knowledge(policy: &mut ServicePolicy) {
    policy.http2 = true;
}

/// A gateway of one worker before a service that speaks HTTP/2 without being asked.
fn before(service: &Http2Service) -> World {
    World::before(service.address, one_worker, by_knowledge, None)
}

/// A gateway that calls `https://localhost` and believes the authority.
fn by_https(port: u16, authority: &Authority) -> World {
    World::before(
        ([127, 0, 0, 1], port).into(),
        |settings| {
            one_worker(settings);
            settings.service_roots = vec![authority.root()];
        },
        |policy| policy.base_urls = vec![format!("https://localhost:{port}").parse().unwrap()],
        None,
    )
}

#[test]
fn calls_that_begin_together_share_one_connection() {
    let service = Http2Service::start(None);
    let world = before(&service);
    thread::scope(|scope| {
        for number in 0..20 {
            let world = &world;
            scope.spawn(move || {
                let answer = world.get(&format!("/products/shop/v1/{number}?a=%2F"));
                assert_eq!(answer.text(), format!("GET /v1/{number}?a=%2F"));
            });
        }
    });
    assert_eq!(service.connections.load(Ordering::SeqCst), 1);
    assert!(service.seen().iter().all(|seen| seen.connection == 0));
    assert_eq!(world.usage_of(20).iter().filter(|record| record.billed).count(), 20);
}

/// RFC 9113 §8.2.2, §8.3.1.
#[test]
fn the_service_gets_the_same_fields_but_none_of_the_connection() {
    let service = Http2Service::start(None);
    let world = before(&service);
    let lines = format!("{}Connection: Mintreu-Tenant, x-mine\r\nX-Mine: y\r\nTE: trailers\r\nMintreu-Plan: evil\r\n", world.key.basic());
    assert_eq!(world.call_with("POST", "/products/shop/v1", &lines, "abc").text(), "POST /v1");
    let seen = service.last();
    assert_eq!((seen.method.as_str(), seen.body.as_slice()), ("POST", &b"abc"[..]));
    assert_eq!(seen.uri, format!("http://{}/v1", service.address));
    assert_eq!(seen.all("mintreu-tenant"), ["ten_00000000000000000000000001"]);
    assert_eq!((seen.all("mintreu-plan"), seen.all("te")), (vec!["pro"], vec!["trailers"]));
    for name in ["connection", "host", "transfer-encoding", "x-mine", "authorization"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
}

#[test]
fn bodies_of_unknown_length_and_trailers_go_both_ways() {
    let service = Http2Service::start(None);
    let world = before(&service);
    let mut client = world.client();
    client.send(format!(
        "POST /products/shop/trailers HTTP/1.1\r\nHost: gw\r\n{}Transfer-Encoding: chunked\r\nTrailer: X-In\r\n\r\n\
         3\r\nabc\r\n0\r\nX-In: 1\r\nMintreu-Key: evil\r\n\r\n",
        world.key.basic()
    ));
    assert_eq!(client.receive().text(), "POST /trailers");
    let seen = service.last();
    assert_eq!(seen.body, b"abc");
    assert_eq!(seen.trailers, [("x-in".to_owned(), "1".to_owned())]);
    // Between two ends that speak HTTP/2, trailers need no announcement.
    let mut client = world.http2();
    let mut call = client.begin(world.request("POST", "/products/shop/trailers").body(()).unwrap(), false);
    call.send("x", false);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    trailers.insert("mintreu_key", "evil".parse().unwrap());
    call.end_with(trailers);
    let answer = call.receive();
    assert_eq!((answer.text(), answer.whole), ("POST /trailers", true));
    assert_eq!(answer.trailers, [("x-sum".to_owned(), "9".to_owned())]);
    assert_eq!(service.last().trailers, [("grpc-status".to_owned(), "0".to_owned())]);
}

/// RFC 9113 §8.7.
#[test]
fn a_client_that_leaves_resets_its_stream_and_no_other() {
    let service = Http2Service::start(None);
    let world = before(&service);
    let mut client = world.client();
    client.send(format!("GET /products/shop/hang HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    eventually("the call", || service.begun.load(Ordering::SeqCst) == 1);
    let left = Instant::now();
    client.leave();
    eventually("the reset", || service.cancelled.load(Ordering::SeqCst) == 1);
    assert!(left.elapsed() < Duration::from_secs(1));
    assert_eq!(world.usage_of(1)[0].status, 499);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(service.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_service_that_hangs_is_a_504_and_its_stream_is_reset() {
    let service = Http2Service::start(None);
    let short = |policy: &mut ServicePolicy| {
        policy.http2 = true;
        policy.timeout = Duration::from_millis(200);
    };
    let world = World::before(service.address, one_worker, short, None);
    world.get("/products/shop/hang").is_problem(504, "service_timeout", "service");
    eventually("the reset", || service.cancelled.load(Ordering::SeqCst) == 1);
}

#[test]
fn an_answer_that_breaks_off_stays_broken() {
    let service = Http2Service::start(None);
    let world = before(&service);
    let mut client = world.client();
    client.send(format!("GET /products/shop/die HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"half");
    service.breaks.notify_one();
    assert!(client.chunk().is_none());
    let mut client = world.http2();
    let mut call = client.begin(world.request("GET", "/products/shop/die").body(()).unwrap(), true);
    let (_, mut body) = call.head().unwrap();
    assert_eq!(wait(body.data()).unwrap().unwrap(), "half");
    service.breaks.notify_one();
    assert!(wait(body.data()).unwrap().is_err());
}

/// RFC 9113 §8.7: what was refused was not begun, so that even a POST may go again, once.
#[test]
fn a_refused_stream_is_tried_once_more() {
    let service = Http2Service::start(None);
    let world = before(&service);
    world.call("POST", "/products/shop/refuse").is_problem(502, "service_unreachable", "service");
    assert_eq!(service.begun.load(Ordering::SeqCst), 2);
}

/// RFC 9113 §6.8.
#[test]
fn a_connection_that_the_service_lets_go_is_followed_by_another() {
    let service = Http2Service::start(None);
    let world = before(&service);
    for _ in 0..5 {
        assert_eq!(world.get("/products/shop/last").status, 200);
        assert_eq!(world.call("POST", "/products/shop/v1").status, 200);
    }
    assert!(service.connections.load(Ordering::SeqCst) > 1);
}

/// RFC 9113 §5.1.2.
#[test]
fn a_service_that_allows_few_streams_gets_more_connections() {
    let service = Http2Service::allowing(2);
    let world = before(&service);
    let clients: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = world.client();
            client.send(format!("GET /products/shop/hang HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
            client
        })
        .collect();
    eventually("all calls at once", || service.begun.load(Ordering::SeqCst) == 20);
    assert_eq!(service.connections.load(Ordering::SeqCst), 10);
    drop(clients);
}

/// What a service answers to an upgrade in HTTP/1.1.
fn tunnel() -> Service {
    Service::start(|exchange| {
        if exchange.seen.all("upgrade") != ["websocket"] {
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return After::Keep;
        }
        exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
        let mut buffer = [0; 64];
        let read = exchange.read(&mut buffer);
        exchange.write(&buffer[..read]);
        After::Close
    })
}

fn speaks_through_a_tunnel(world: &World) {
    let mut client = world.client();
    client.send(format!(
        "GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        world.key.basic()
    ));
    assert_eq!(client.head().status, 101);
    assert_eq!(client.exact(5), b"early");
    client.send("frame");
    assert_eq!(client.exact(5), b"frame");
    assert!(client.is_closed());
}

#[test]
fn an_upgrade_goes_by_http_1_whatever_else_the_service_speaks() {
    let service = tunnel();
    let world = World::with(&service, one_worker, by_knowledge);
    speaks_through_a_tunnel(&world);
    let authority = Authority::new();
    let address = front(service.address, authority.issue("localhost").server(&["h2", "http/1.1"]));
    speaks_through_a_tunnel(&by_https(address.port(), &authority));
}

/// RFC 7301.
#[test]
fn behind_https_the_protocol_is_agreed_on() {
    let authority = Authority::new();
    let issued = authority.issue("localhost");
    let service = Http2Service::start(Some(issued.server(&["h2", "http/1.1"])));
    let world = by_https(service.address.port(), &authority);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1?x").text(), "GET /v1?x");
    }
    assert_eq!(service.last().uri, format!("https://localhost:{}/v1?x", service.address.port()));
    assert_eq!(service.connections.load(Ordering::SeqCst), 1);

    for protocols in [&["http/1.1"][..], &[]] {
        let service = Service::plain();
        let address = front(service.address, issued.server(protocols));
        let world = by_https(address.port(), &authority);
        for _ in 0..3 {
            assert_eq!(world.get("/products/shop/v1").text(), "GET /v1 HTTP/1.1");
        }
        let seen: Vec<_> = service.seen().iter().map(|seen| (seen.connection, seen.number)).collect();
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(service.last().header("host"), format!("localhost:{}", address.port()));
    }
}

/// RFC 9110 §4.3.4.
#[test]
fn a_service_whose_certificate_does_not_hold_is_not_called() {
    let authority = Authority::new();
    let service = Service::plain();
    for issued in [
        Authority::new().issue("localhost"),
        authority.issue("elsewhere.example"),
        authority.issue_for("localhost", 2020, 2021),
        authority.issue_for("localhost", 2099, 2100),
    ] {
        let address = front(service.address, issued.server(&["http/1.1"]));
        let world = by_https(address.port(), &authority);
        world.get("/products/shop/v1").is_problem(502, "service_unreachable", "service");
    }
    assert!(service.seen().is_empty());
}

#[test]
fn link_local_addresses_are_no_services_by_https_either() {
    let world = World::before(
        "127.0.0.1:1".parse().unwrap(),
        one_worker,
        |policy| policy.base_urls = vec!["https://169.254.169.254".parse().unwrap()],
        None,
    );
    world.get("/products/shop/v1").is_problem(502, "service_unreachable", "service");
}
