//! One exchange through the gateway, from the first byte to the last (points 7 to 15).

use std::{
    io::{Read as _, Write as _},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::support::{PATIENCE, Service, World, eventually, service::After};

fn head(world: &World, method: &str, lines: &str) -> String {
    format!("{method} /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}{lines}\r\n", world.key.basic())
}

/// RFC 9110 §10.1.1.
#[test]
fn a_bad_key_gets_its_final_answer_without_100_continue() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send(
        "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\nAuthorization: Basic eDp5\r\n\
         Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    );
    client.receive().is_problem(401, "credentials_invalid", "client");
}

/// RFC 9110 §10.1.1.
#[test]
fn a_good_key_is_told_to_continue() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "POST", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    assert_eq!(client.head().status, 100);
    client.send("hello");
    assert_eq!(client.receive().status, 200);
    assert_eq!(service.last().body, b"hello");
    assert!(service.last().all("expect").is_empty());
}

/// RFC 9112 §9.3, §9.6.
#[test]
fn an_early_answer_is_relayed_at_once_and_the_rest_is_never_a_request() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        exchange.wait_for_close();
        After::Close
    });
    let idle = Duration::from_millis(200);
    let world = World::with(&service, |settings| settings.upload_idle = idle, |_| {});
    let mut client = world.client();
    client.send(head(&world, "POST", "Content-Length: 1000\r\n"));
    client.send("part");
    let answer = client.receive();
    assert_eq!((answer.status, answer.text()), (403, "no"));
    let _ = client.try_send(head(&world, "GET", ""));
    let mut rest = Vec::new();
    let _ = client.stream().read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("HTTP/1.1 2"));
    assert_eq!(service.seen().len(), 1);
}

/// RFC 9110 §9.3.2.
#[test]
fn head_keeps_its_length_and_has_no_body() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
        After::Keep
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "HEAD", ""));
    assert_eq!(client.head().header("content-length"), "1234");
    client.send(head(&world, "HEAD", ""));
    assert_eq!(client.head().header("content-length"), "1234");
    let connections: Vec<_> = service.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0]);
}

/// RFC 9110 §15.3.5, §15.4.5.
#[test]
fn answers_without_a_body_have_none() {
    for status in ["204 No Content", "304 Not Modified"] {
        let service = Service::fixed(format!("HTTP/1.1 {status}\r\nETag: \"a\"\r\n\r\n"));
        let world = World::new(&service);
        let mut client = world.client();
        for _ in 0..2 {
            client.send(head(&world, "GET", ""));
            let answer = client.receive();
            assert!(answer.all("content-length").is_empty());
            assert!(answer.all("transfer-encoding").is_empty());
            assert_eq!(answer.header("etag"), "\"a\"");
        }
    }
}

/// RFC 9110 §6.5, §10.1.4.
#[test]
fn trailers_survive_in_both_directions() {
    let service = Service::start(|exchange| {
        exchange.read_body();
        exchange.write(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Mintreu-Plan\r\n\r\n\
             2\r\nhi\r\n0\r\nX-Sum: 9\r\nMintreu-Plan: evil\r\n\r\n",
        );
        After::Keep
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "POST", "TE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-In\r\n"));
    client.send("1\r\na\r\n0\r\nX-In: 1\r\n\r\n");
    let answer = client.receive();
    assert_eq!(answer.text(), "hi");
    assert_eq!(answer.trailers, [("x-sum".to_owned(), "9".to_owned())]);
    let seen = service.last();
    assert_eq!(seen.trailers, [("x-in".to_owned(), "1".to_owned())]);
    assert_eq!(seen.header("te"), "trailers");
}

/// RFC 9110 §15.2.
#[test]
fn informational_answers_are_never_taken_for_the_final_one() {
    let service = Service::fixed(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert!(answer.all("link").is_empty());
}

/// Answers the first request of each connection, and closes on the second without a word.
fn closes_on_second() -> Service {
    Service::start(|exchange| {
        if exchange.seen.number == 1 {
            return After::Close;
        }
        exchange.read_body();
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        After::Keep
    })
}

/// RFC 9110 §9.2.2.
#[test]
fn a_get_is_repeated_once_when_a_kept_connection_dies() {
    let service = closes_on_second();
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    let seen: Vec<_> = service.seen().iter().map(|seen| (seen.connection, seen.number)).collect();
    assert_eq!(seen, [(0, 0), (0, 1), (1, 0)]);
    assert_eq!(world.usage_of(2).iter().filter(|record| record.billed).count(), 2);
}

/// RFC 9110 §9.2.2.
#[test]
fn a_post_that_may_have_been_seen_is_not_repeated() {
    let service = closes_on_second();
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.call("POST", "/products/shop/v1").is_problem(502, "service_unreachable", "service");
    assert_eq!(service.seen().len(), 2);
}

/// RFC 9112 §9.3.1.
#[test]
fn a_post_that_was_never_sent_goes_by_a_new_connection() {
    let service = Service::start(|exchange| {
        exchange.read_body();
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        // Without saying so in the answer.
        After::Close
    });
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    for count in 1..=5 {
        let lines = world.key.basic();
        assert_eq!(world.call_with("POST", "/products/shop/v1", &lines, "body").status, 200);
        service.wait_for_closed(count);
    }
    assert_eq!(service.seen().len(), 5);
}

#[test]
fn another_address_takes_over_when_one_is_gone() {
    let service = Service::plain();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.base_urls.push(format!("http://{free}").parse().unwrap());
        },
    );
    for _ in 0..4 {
        assert_eq!(world.call("POST", "/products/shop/v1").status, 200);
    }
}

#[test]
fn the_path_of_a_base_url_stands_before_the_call() {
    let service = Service::plain();
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            let url = policy.base_urls[0].to_string();
            policy.base_urls = vec![format!("{}/inner/", url.trim_end_matches('/')).parse().unwrap()];
        },
    );
    assert_eq!(world.get("/products/shop/v1?x").text(), "GET /inner/v1?x HTTP/1.1");
}

#[test]
fn a_client_that_leaves_cancels_the_service_and_is_recorded_as_499() {
    let service = Service::start(|exchange| {
        exchange.wait_for_close();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "GET", ""));
    service.wait_for_requests(1);
    let left = Instant::now();
    client.leave();
    service.wait_for_closed(1);
    assert!(left.elapsed() < Duration::from_secs(1));
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed), (499, false));
    let answer = world.call_with("GET", "/products/shop/../x", "", "");
    assert_eq!(answer.status, 400);
    assert_eq!(world.gateway.snapshot().client_left, 1);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_answer_stops_the_service() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        exchange.wait_for_close();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "GET", ""));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"one");
    client.leave();
    service.wait_for_closed(1);
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed, record.bytes_out), (200, true, 3));
}

#[test]
fn events_arrive_one_by_one_and_outlive_the_timeout() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let service = Service::start(move |exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..3 {
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            exchange.write("8\r\ndata: x\n\r\n");
        }
        exchange.write("0\r\n\r\n");
        After::Keep
    });
    let timeout = Duration::from_millis(100);
    let world = World::with(&service, |_| {}, |policy| policy.timeout = timeout);
    let mut client = world.client();
    client.send(head(&world, "GET", "Accept: text/event-stream\r\nAccept-Encoding: br, gzip\r\n"));
    let answer = client.head();
    assert!(answer.all("content-encoding").is_empty());
    let began = Instant::now();
    let mut waits = Vec::new();
    for number in 0..3 {
        if number == 2 {
            eventually("the timeout to pass", || began.elapsed() > timeout * 2);
        }
        let sent = Instant::now();
        release.send(()).unwrap();
        assert_eq!(client.chunk().unwrap(), b"data: x\n");
        waits.push(sent.elapsed());
    }
    waits.sort_unstable();
    assert!(waits[1] < Duration::from_millis(50), "{waits:?}");
    assert_eq!(client.chunk().unwrap(), b"");
}

#[test]
fn an_upload_longer_than_the_timeout_is_no_slow_service() {
    let service = Service::plain();
    let timeout = Duration::from_secs(1);
    let world = World::with(&service, |_| {}, |policy| policy.timeout = timeout);
    let mut client = world.client();
    client.send(head(&world, "POST", "Content-Length: 3\r\n"));
    for byte in ["a", "b", "c"] {
        let sent = Instant::now();
        eventually("most of the timeout to pass", || sent.elapsed() > timeout / 2);
        client.send(byte);
    }
    assert_eq!(client.receive().status, 200);
}

/// RFC 9112 §8.
#[test]
fn a_service_that_dies_in_the_middle_leaves_a_broken_answer() {
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let service = Service::start(move |exchange| {
            exchange.write(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n"));
            After::Close
        });
        let world = World::new(&service);
        let answer = world.get("/products/shop/v1");
        assert!(!answer.whole, "{framing}: {answer:?}");
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello");
        After::Close
    });
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.text(), answer.whole), ("hello", true));
}

/// RFC 9110 §7.8, RFC 6455 §4.
#[test]
fn a_websocket_becomes_a_tunnel_after_101_and_keeps_early_frames() {
    let service = Service::start(|exchange| {
        assert_eq!(exchange.seen.header("upgrade"), "websocket");
        assert_eq!(exchange.seen.header("connection"), "upgrade");
        exchange.write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: yes\r\n\r\nearly",
        );
        let mut buffer = [0; 64];
        let read = exchange.read(&mut buffer);
        let heard = String::from_utf8_lossy(&buffer[..read]).into_owned();
        exchange.write(format!("heard {heard}"));
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(head(&world, "GET", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"));
    let answer = client.head();
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), "yes");
    assert_eq!(client.exact(5), b"early");
    client.stream().write_all(b"frame").unwrap();
    assert_eq!(client.exact(11), b"heard frame");
    assert!(client.is_closed());
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.bytes_in, record.bytes_out), (101, 5, 16));
}

/// RFC 9110 §7.8.
#[test]
fn a_refused_upgrade_is_an_ordinary_answer_on_a_connection_that_lives_on() {
    let service = Service::fixed("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
    let world = World::new(&service);
    let mut client = world.client();
    for _ in 0..2 {
        client.send(head(&world, "GET", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
        assert_eq!(client.receive().status, 426);
    }
}

/// RFC 9110 §7.8, RFC 6455 §4.1: before the 101 there is no tunnel; what came early is a request.
#[test]
fn nothing_tunnels_before_101() {
    let service = Service::fixed("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!(
        "{}GET /products/shop/inner HTTP/1.1\r\nHost: gw\r\nMintreu-Tenant: evil\r\n\r\n",
        head(&world, "GET", "Connection: upgrade\r\nUpgrade: websocket\r\n")
    ));
    assert_eq!(client.receive().status, 403);
    client.receive().is_problem(401, "credentials_missing", "client");
    assert_eq!(service.seen().len(), 1);
}

/// RFC 9110 §15.2.2.
#[test]
fn a_101_that_nobody_asked_for_is_a_broken_service() {
    let service = Service::fixed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
    let world = World::new(&service);
    world.get("/products/shop/v1").is_problem(502, "service_unreachable", "service");
    let mut client = world.client();
    client.send(head(&world, "GET", "Connection: upgrade\r\nUpgrade: h2c\r\n"));
    client.receive().is_problem(502, "service_unreachable", "service");
    assert!(service.last().all("upgrade").is_empty());
}
