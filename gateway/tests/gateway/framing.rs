//! Requests that two programs could read differently (points 4 to 6).

use crate::support::{Client, Service, World, service::After};

/// Sends raw bytes and gives the answer with the connection.
fn raw(world: &World, bytes: &str) -> (crate::support::Answer, Client) {
    let mut client = world.client();
    client.send(bytes.replace("{auth}", &world.key.basic()));
    let answer = client.receive();
    (answer, client)
}

/// RFC 9112 §5.1, §5.2, §6.1, §6.3; RFC 9110 §5.5.
#[test]
fn ambiguous_lengths_are_refused_and_the_connection_closed() {
    let service = Service::plain();
    let world = World::new(&service);
    for lines in [
        "Content-Length: +5\r\n",
        "Content-Length: 5,6\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "X-Folded: a\r\n b\r\n",
        "X-Bare: a\rb\r\n",
        "X-Nul: a\0b\r\n",
        "no colon\r\n",
    ] {
        let request = format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{{auth}}{lines}\r\n0\r\n\r\n");
        let (answer, mut client) = raw(&world, &request);
        assert_eq!(answer.status, 400, "{lines:?}");
        assert!(client.is_closed(), "{lines:?}");
    }
    assert!(service.seen().is_empty());
}

/// RFC 9112 §6.1.
#[test]
fn a_service_never_sees_both_lengths() {
    let service = Service::plain();
    let world = World::new(&service);
    for lines in ["Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"] {
        let request = format!(
            "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{{auth}}{lines}\r\n2\r\nhi\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n"
        );
        let (answer, mut client) = raw(&world, &request);
        assert_eq!(answer.status, 200);
        assert!(client.is_closed());
        let seen = service.last();
        assert_eq!(seen.body, b"hi");
        assert!(seen.all("content-length").is_empty());
        assert_eq!(seen.all("transfer-encoding"), ["chunked"]);
    }
    assert_eq!(service.seen().len(), 2);
}

/// RFC 9112 §3.2.
#[test]
fn host_must_stand_once_and_be_a_host() {
    let service = Service::plain();
    let world = World::new(&service);
    for lines in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a/b\r\n", "Host:\r\n", "Host: u@h\r\n"] {
        let request = format!("GET /products/shop/v1 HTTP/1.1\r\n{lines}{{auth}}\r\n");
        raw(&world, &request).0.is_problem(400, "request_malformed", "client");
    }
    assert!(service.seen().is_empty());
}

/// RFC 9112 §3.2.2.
#[test]
fn the_authority_of_an_absolute_target_wins() {
    let service = Service::plain();
    let world = World::new(&service);
    let (answer, _) = raw(&world, "GET http://right.example/products/shop/v1?q HTTP/1.1\r\nHost: wrong.example\r\n{auth}\r\n");
    assert_eq!(answer.text(), "GET /v1?q HTTP/1.1");
    assert_eq!(service.last().header("x-forwarded-host"), "right.example");
}

/// RFC 9110 §9.3.6, §9.3.8.
#[test]
fn tunnels_by_connect_are_not_for_us() {
    let service = Service::plain();
    let world = World::new(&service);
    for target in ["gw:80", "/products/shop/v1"] {
        let (answer, mut client) = raw(&world, &format!("CONNECT {target} HTTP/1.1\r\nHost: gw:80\r\n{{auth}}\r\n"));
        assert_eq!(answer.status, 400, "{target}");
        assert!(client.is_closed());
    }
    let (answer, _) = raw(&world, "TRACE /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{auth}\r\n");
    answer.is_problem(400, "request_malformed", "client");
}

#[test]
fn a_get_with_a_body_keeps_its_body() {
    let service = Service::plain();
    let world = World::new(&service);
    let (answer, _) =
        raw(&world, "GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{auth}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    assert_eq!(answer.status, 200);
    assert_eq!(service.last().body, b"hi");
}

/// RFC 9112 §6.3.
#[test]
fn an_answer_with_two_lengths_is_not_relayed() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc");
        After::Close
    });
    let world = World::new(&service);
    world.get("/products/shop/v1").is_problem(502, "service_unreachable", "service");
}

/// RFC 9112 §9.3.2.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    let one = |n: u32| format!("GET /products/shop/v1/{n} HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    client.send(format!("{}{}{}", one(1), one(2), one(3)));
    for n in 1..=3 {
        assert_eq!(client.receive().text(), format!("GET /v1/{n} HTTP/1.1"));
    }
}

/// RFC 9112 §6.3.
#[test]
fn an_answer_with_chunks_and_a_length_is_framed_by_its_chunks() {
    let service = Service::fixed(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n0\r\n\r\n",
    );
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert_eq!(answer.text(), "hello");
    assert!(answer.all("content-length").is_empty());
}

/// RFC 9112 §7.1: where a chunk ends must be beyond doubt.
#[test]
fn chunks_that_make_no_sense_end_the_connection() {
    let service = Service::start(|exchange| {
        if exchange.read_body() {
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            return After::Keep;
        }
        After::Close
    });
    let world = World::new(&service);
    for body in
        ["-1\r\n", "0x2\r\nhi\r\n", "2 2\r\nhi\r\n", "x\r\n", "2\r\nhiNOT", "ffffffffffffffffff\r\n", "+2\r\nhi\r\n", "2\rhi\r\n", "\r\n"]
    {
        let request =
            format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{{auth}}Transfer-Encoding: chunked\r\n\r\n{body}\r\n0\r\n\r\n");
        let (answer, mut client) = raw(&world, &request);
        assert_eq!(answer.status, 400, "{body:?}");
        assert!(client.is_closed(), "{body:?}");
    }
}

/// RFC 9112 §6.1, §9.3.
#[test]
fn an_older_client_has_no_chunks_and_no_second_request_unless_it_asks() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    let world = World::new(&service);
    let (answer, mut client) = raw(&world, "GET /products/shop/v1 HTTP/1.0\r\nHost: gw\r\n{auth}\r\n");
    assert_eq!((answer.status, answer.text()), (200, "hi"));
    assert!(answer.all("transfer-encoding").is_empty() && client.is_closed());
    let (answer, mut client) =
        raw(&world, "POST /products/shop/v1 HTTP/1.0\r\nHost: gw\r\n{auth}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(answer.status, 400);
    assert!(client.is_closed());
    for line in
        ["GET /products/shop/v1", "GET /products/shop/v1 HTTP/2.0", "GET /products/shop/v1 HTTP/1.9", "GET  /products/shop/v1 HTTP/1.1"]
    {
        let (answer, mut client) = raw(&world, &format!("{line}\r\nHost: gw\r\n{{auth}}\r\n"));
        assert_eq!(answer.status, 400, "{line}");
        assert!(client.is_closed());
    }
    assert_eq!(service.seen().len(), 1);
}

/// RFC 9112 §9.3: what a refusal leaves unread is a body, whatever it looks like.
#[test]
fn the_unread_body_of_a_refused_call_is_never_a_request() {
    let service = Service::plain();
    let world = World::new(&service);
    let smuggled = format!("GET /products/shop/smuggled HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    for lines in [String::new(), "Expect: 100-continue\r\n".to_owned()] {
        let mut client = world.client();
        let length = smuggled.len();
        client.send(format!(
            "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\nAuthorization: Basic eDp5\r\n{lines}Content-Length: {length}\r\n\r\n"
        ));
        client.receive().is_problem(401, "credentials_invalid", "client");
        let _ = client.try_send(&smuggled);
        let _ = client.try_send("GET /.well-known/jwks.json HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n");
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(client.stream(), &mut rest);
        assert!(!String::from_utf8_lossy(&rest).contains("smuggled"));
    }
    assert!(service.seen().is_empty());
}
