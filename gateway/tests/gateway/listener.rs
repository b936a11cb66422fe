//! One port for two planes, and its end.

use std::{sync::atomic::Ordering, thread};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use mintreu_gateway::{BoxBody, Listener};

use crate::support::{Service, World, eventually, service::After};

#[test]
fn everything_that_is_not_the_gateways_goes_to_the_dashboard() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send("POST /login HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!(client.receive().text(), "dashboard /login 3");
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    assert_eq!(client.receive().text(), "GET /v1 HTTP/1.1");
    client.send("GET /products HTTP/1.1\r\nHost: gw\r\n\r\n");
    assert_eq!(client.receive().text(), "dashboard /products 0");
}

#[test]
fn the_dashboard_stops_working_for_a_client_that_left() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send("GET /endless HTTP/1.1\r\nHost: gw\r\n\r\n");
    eventually("the call", || world.dashboard.load(Ordering::SeqCst) == 1);
    client.leave();
    eventually("the end of the call", || world.dashboard.load(Ordering::SeqCst) == 0);
}

#[test]
fn the_api_host_is_the_gateways_alone_and_its_only_one() {
    let service = Service::plain();
    let host = |settings: &mut mintreu_gateway::Settings| {
        settings.api_host = Some("api.example.com".to_owned());
    };
    let world = World::with(&service, host, |_| {});
    let call = |host: &str, path: &str| {
        let mut client = world.client();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{}\r\n", world.key.basic()));
        client.receive()
    };
    for host in ["api.example.com", "API.example.com:8080"] {
        assert_eq!(call(host, "/products/shop/v1").text(), "GET /v1 HTTP/1.1");
        assert_eq!(call(host, "/.well-known/jwks.json").status, 200);
        for path in ["/", "/login", "/api/v1/me"] {
            call(host, path).is_problem(404, "product_unknown", "client");
        }
    }
    let answer = call("www.example.com", "/products/shop/v1");
    assert_eq!(answer.text(), "dashboard /products/shop/v1 0");
}

#[test]
fn a_second_instance_does_not_share_the_port() {
    let first = Listener::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    assert!(Listener::bind(first.local_addr(), 2).is_err());
    let address = first.local_addr();
    drop(first);
    assert!(Listener::bind(address, 2).is_ok());
}

#[test]
fn a_call_under_way_finishes_when_the_gateway_stops() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let service = Service::start(move |exchange| {
        wait.lock().unwrap().recv().unwrap();
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        After::Keep
    });
    let mut world = World::new(&service);
    let mut idle = world.client();
    idle.send("GET / HTTP/1.1\r\nHost: gw\r\n\r\n");
    assert_eq!(idle.receive().status, 200);
    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    service.wait_for_requests(1);
    world.begin_stop();
    assert!(idle.is_closed());
    release.send(()).unwrap();
    assert_eq!(client.receive().text(), "done");
    assert!(client.is_closed());
    world.stop();
    assert!(std::net::TcpStream::connect(world.address).is_err());
}

#[test]
fn whoever_is_connected_when_the_gateway_stops_may_call_once_more() {
    let service = Service::plain();
    let mut world = World::with(&service, |settings| settings.last_call = settings.drain, |_| {});
    let call = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    let mut kept = world.client();
    kept.send(&call);
    assert!(kept.receive().all("connection").is_empty());
    let silent = world.client();
    let mut begun = world.client();
    begun.send("GET /products/sh");
    eventually("the connections", || world.gateway.snapshot().connections == 3);
    world.begin_stop();
    begun.send(call.strip_prefix("GET /products/sh").unwrap());
    for mut client in [silent, kept] {
        client.send(&call);
        let answer = client.receive();
        assert_eq!((answer.status, answer.header("connection")), (200, "close"));
        assert!(client.is_closed());
    }
    assert_eq!(begun.receive().status, 200);
    world.stop();
    world.usage_of(4);
}

#[test]
fn a_stream_that_never_ends_is_cut_after_the_drain_time() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        exchange.wait_for_close();
        After::Close
    });
    let drain = std::time::Duration::from_millis(200);
    let mut world = World::with(&service, |settings| settings.drain = drain, |_| {});
    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"a");
    world.stop();
    assert!(client.chunk().is_none());
    assert_eq!(world.usage_of(1)[0].status, 200);
}

#[test]
fn a_head_that_does_not_arrive_closes_the_connection() {
    let service = Service::plain();
    let short = std::time::Duration::from_millis(100);
    let world = World::with(&service, |settings| settings.header_timeout = short, |_| {});
    let mut slow = world.client();
    slow.send("GET /products/shop/v1 HTTP/1.1\r\nHo");
    let closed = thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(slow.stream(), &mut rest);
        rest
    });
    assert!(!String::from_utf8_lossy(&closed.join().unwrap()).contains(" 200 "));
    assert_eq!(world.get("/products/shop/v1").status, 200);
}

#[test]
fn the_gateway_is_a_plain_service_too() {
    let service = Service::plain();
    let world = World::new(&service);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (name, value) = world.key.basic().trim().split_once(": ").map(own).unwrap();
    let gateway = world.gateway.clone();
    let call = runtime.spawn(async move {
        let body: BoxBody = Full::new(Bytes::from_static(b"abc")).map_err(|never| match never {}).boxed_unsync();
        let request = http::Request::post("/products/shop/v1").header("host", "gw").header(name, value).body(body).unwrap();
        let response = gateway.handle(request, "127.0.0.1:1".parse().unwrap()).await;
        (response.status(), response.into_body().collect().await.unwrap().to_bytes())
    });
    let (status, body) = runtime.block_on(call).unwrap();
    assert_eq!((status.as_u16(), &body[..]), (200, &b"POST /v1 HTTP/1.1"[..]));
    assert_eq!(service.last().body, b"abc");
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
