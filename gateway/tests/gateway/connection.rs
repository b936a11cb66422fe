//! A client's connection in HTTP/1.1, from one call to the next (RFC 9112 §9).

use std::{
    io::{ErrorKind, Read as _, Write as _},
    sync::mpsc,
    thread,
};

use crate::support::{PATIENCE, Service, World, service::After};

fn head(world: &World, method: &str, lines: &str) -> String {
    format!("{method} /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}{lines}\r\n", world.key.basic())
}

#[test]
fn a_head_that_makes_no_sense_is_told_why() {
    let service = Service::plain();
    let world = World::new(&service);
    for bytes in ["GET / HTTP/1.1\r\nno colon\r\n\r\n", "\u{16}\u{3}\u{1} hello\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n"] {
        let mut client = world.client();
        client.send(bytes);
        let answer = client.receive();
        answer.is_problem(400, "request_malformed", "client");
        assert_eq!(answer.header("connection"), "close");
        assert!(client.is_closed());
    }
}

/// RFC 9110 §15.5.9.
#[test]
fn a_head_that_stops_half_way_is_answered_408_and_silence_is_not() {
    let service = Service::plain();
    let short = std::time::Duration::from_millis(100);
    let world = World::with(&service, |settings| settings.header_timeout = short, |_| {});
    let mut client = world.client();
    client.send("GET /products/shop/v1 HTTP/1.1\r\nHo");
    client.receive().is_problem(408, "request_timeout", "client");
    assert!(client.is_closed());
    assert!(world.client().is_closed());
    let mut kept = world.client();
    kept.send(head(&world, "GET", ""));
    assert_eq!(kept.receive().status, 200);
    assert!(kept.is_closed());
}

/// RFC 9112 §9.6: closing on what is still coming would take the answer back.
#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let service = Service::plain();
    let world = World::new(&service);
    let body = vec![b'x'; 200_000];
    for lines in [format!("Content-Length: {}\r\n", body.len()), "Transfer-Encoding: chunked\r\n".to_owned()] {
        let mut client = world.client();
        client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\nAuthorization: Basic eDp5\r\n{lines}\r\n"));
        client.send(format!("{:x}\r\n", body.len())).send(&body);
        let answer = client.receive();
        answer.is_problem(401, "credentials_invalid", "client");
        assert_eq!(answer.header("connection"), "close");
        assert!(client.is_closed());
    }
    assert!(service.seen().is_empty());
}

/// RFC 9112 §7.1: nobody knows where a request begins behind chunks that make no sense.
#[test]
fn what_follows_a_broken_body_is_never_a_request() {
    let service = Service::plain();
    let world = World::new(&service);
    let next = head(&world, "GET", "");
    for body in ["x\r\n", "2\r\nhiNOT", "0\r\nno colon\r\n\r\n"] {
        for credentials in ["Authorization: Basic eDp5\r\n", &world.key.basic()] {
            let lines = format!("{credentials}Transfer-Encoding: chunked\r\n");
            let mut client = world.client();
            client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{lines}\r\n{body}{next}"));
            let answer = client.receive();
            assert!(matches!(answer.status, 400 | 401), "{body:?}: {}", answer.status);
            assert_eq!(answer.header("connection"), "close");
            assert!(client.is_closed(), "{body:?}");
        }
    }
    assert!(service.seen().iter().all(|seen| seen.line.starts_with("POST")));
}

/// RFC 9112 §9.3: a body that is here already is skipped, and the connection lives on.
#[test]
fn a_refused_call_whose_body_has_come_costs_no_connection() {
    let service = Service::plain();
    let world = World::new(&service);
    for (lines, body) in [("Content-Length: 5\r\n", "hello"), ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")] {
        let mut client = world.client();
        client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\nAuthorization: Basic eDp5\r\n{lines}\r\n{body}"));
        client.receive().is_problem(401, "credentials_invalid", "client");
        client.send(head(&world, "GET", ""));
        assert_eq!(client.receive().status, 200);
    }
}

/// RFC 9112 §7.1, §9.3.2.
#[test]
fn bodies_and_requests_may_be_cut_anywhere() {
    let service = Service::plain();
    let world = World::new(&service);
    let calls = [
        (head(&world, "POST", "Transfer-Encoding: chunked\r\n"), "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
        (head(&world, "POST", "Content-Length: 5\r\n"), "hello"),
    ];
    let whole: String = calls.iter().flat_map(|(head, body)| [head.as_str(), body]).collect();
    for size in [1, 7, 64, whole.len()] {
        let mut client = world.client();
        for piece in whole.as_bytes().chunks(size) {
            client.send(piece);
        }
        for _ in &calls {
            assert_eq!(client.receive().status, 200, "in pieces of {size}");
        }
        let bodies: Vec<_> = service.seen().iter().rev().take(2).map(|seen| seen.body.clone()).collect();
        assert_eq!(bodies, [b"hello", b"hello"], "in pieces of {size}");
    }
}

/// RFC 9112 §9.3: the answer came first, and the call's body is still the call's.
#[test]
fn a_connection_lives_on_when_the_body_follows_an_early_answer() {
    let (done, body) = mpsc::channel();
    let done = std::sync::Mutex::new(done);
    let service = Service::start(move |exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
        if exchange.read_body() {
            done.lock().unwrap().send(()).unwrap();
        }
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "POST", "Content-Length: 20\r\n"));
    assert_eq!(client.receive().text(), "early");
    client.send("GET /smuggled HTTP/1");
    body.recv_timeout(PATIENCE).unwrap();
    client.send(head(&world, "GET", ""));
    assert_eq!(client.receive().text(), "early");
    assert_eq!(service.seen().len(), 2);
}

/// RFC 9112 §9.3, RFC 9110 §2.5.
#[test]
fn an_older_client_keeps_its_connection_when_it_asks() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    for _ in 0..2 {
        client.send(format!("GET /products/shop/v1 HTTP/1.0\r\nHost: gw\r\nConnection: keep-alive\r\n{}\r\n", world.key.basic()));
        let answer = client.receive();
        assert_eq!((answer.status, answer.header("connection")), (200, "keep-alive"));
    }
    client.send(head(&world, "GET", "Connection: close\r\n"));
    assert_eq!(client.receive().header("connection"), "close");
    assert!(client.is_closed());
}

/// RFC 9112 §8: where the end of the connection is the end of the body, only a reset tells.
#[test]
fn a_truncated_answer_looks_truncated_to_an_older_client() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.0\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    let mut answer = Vec::new();
    let ended = client.stream().read_to_end(&mut answer);
    assert_eq!(ended.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}

/// RFC 9110 §6.5.1.
#[test]
fn trailers_go_to_those_who_take_them() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 9\r\n\r\n");
    let world = World::new(&service);
    for (lines, number) in [("", 0), ("TE: trailers\r\n", 1)] {
        let mut client = world.client();
        client.send(head(&world, "GET", lines));
        let answer = client.receive();
        assert_eq!((answer.text(), answer.trailers.len()), ("hi", number));
    }
}

/// RFC 9110 §6.6.1.
#[test]
fn every_answer_has_one_date() {
    let service = Service::start(|exchange| {
        let date = if exchange.seen.line.contains("dated") { "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n" } else { "" };
        exchange.write(format!("HTTP/1.1 200 OK\r\n{date}Content-Length: 0\r\n\r\n"));
        After::Keep
    });
    let world = World::new(&service);
    assert_eq!(world.get("/products/shop/dated").all("date"), ["Tue, 15 Nov 1994 08:12:31 GMT"]);
    for path in ["/products/shop/v1", "/products/nothing", "/login"] {
        let answer = world.get(path);
        let dates = answer.all("date");
        assert!(dates.len() == 1 && dates[0].ends_with(" GMT") && dates[0].len() == 29, "{dates:?}");
    }
}

/// RFC 9110 §7.8: what a client says before it hears of the 101 is the tunnel's.
#[test]
fn a_tunnel_begins_with_what_the_client_said_early() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        let mut buffer = [0; 64];
        let read = exchange.read(&mut buffer);
        exchange.write(&buffer[..read]);
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!("{}early", head(&world, "GET", "Connection: upgrade\r\nUpgrade: websocket\r\n")));
    assert_eq!(client.head().status, 101);
    assert_eq!(client.exact(5), b"early");
    assert!(client.is_closed());
    assert_eq!(world.usage_of(1)[0].bytes_in, 5);
}

#[test]
fn large_pieces_in_chunks_come_whole_and_in_order() {
    const PIECE: usize = 100_000;
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for byte in [b'a', b'b', b'c'] {
            exchange.write(format!("{PIECE:x}\r\n"));
            exchange.write([vec![byte; PIECE], b"\r\n".to_vec()].concat());
        }
        exchange.write("0\r\n\r\n");
        After::Keep
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "GET", ""));
    let answer = client.receive();
    assert!(answer.whole);
    assert_eq!(answer.body, [vec![b'a'; PIECE], vec![b'b'; PIECE], vec![b'c'; PIECE]].concat());
    client.send(head(&world, "GET", ""));
    assert_eq!(client.receive().body.len(), 3 * PIECE);
}

/// RFC 9110 §10.1.1: word is given once, and before the answer only.
#[test]
fn a_client_that_waits_for_word_may_send_its_body_in_chunks() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "POST", "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n"));
    assert_eq!(client.head().status, 100);
    let mut stream = client.stream().try_clone().unwrap();
    let sender = thread::spawn(move || {
        for piece in ["5\r\nhel", "lo\r\n", "0\r\n", "\r\n"] {
            stream.write_all(piece.as_bytes()).unwrap();
        }
    });
    assert_eq!(client.receive().status, 200);
    sender.join().unwrap();
    assert_eq!(service.last().body, b"hello");
}
