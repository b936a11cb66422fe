//! What services answer in HTTP/1.1 (RFC 9112): read strictly, and a connection serves another call
//! only when it is certain where the answer before ended.

use crate::support::{Service, World, service::After};

/// RFC 9112 §6.3: the client is never shown what two programs could read differently.
#[test]
fn an_answer_that_could_be_read_in_two_ways_is_a_broken_service() {
    for fields in [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: +2",
        "Transfer-Encoding: gzip, chunked",
        "X-Folded: a\r\n b",
        "Content-Length : 2",
    ] {
        let service = Service::start(move |exchange| {
            exchange.write(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nok"));
            After::Close
        });
        let world = World::new(&service);
        assert_eq!(world.get("/products/shop/v1").status, 502, "{fields}");
    }
}

#[test]
fn a_chunk_that_makes_no_sense_breaks_the_answer() {
    for chunk in ["+2\r\nok\r\n", "2\nok\r\n", "2\r\nokay\r\n"] {
        let service = Service::start(move |exchange| {
            exchange.write(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"));
            After::Keep
        });
        let world = World::new(&service);
        assert!(!world.get("/products/shop/v1").whole, "{chunk:?}");
    }
}

#[test]
fn a_length_that_is_said_twice_reaches_the_client_once() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok");
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.text(), answer.all("content-length")), ("ok", vec!["2"]));
}

/// What comes after an answer is never taken for the answer to the next call.
#[test]
fn bytes_after_an_answer_end_the_connection() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
        After::Keep
    });
    let world = World::new(&service);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1").text(), "ok");
    }
    let seen = service.seen();
    assert!(seen.iter().all(|seen| seen.number == 0), "{seen:?}");
}

/// RFC 9112 §9.3.
#[test]
fn a_connection_is_used_again_only_when_the_service_keeps_it() {
    for (head, kept) in [
        ("HTTP/1.1 200 OK\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n", false),
        ("HTTP/1.0 200 OK\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", true),
    ] {
        let service = Service::start(move |exchange| {
            exchange.write(format!("{head}Content-Length: 2\r\n\r\nok"));
            After::Keep
        });
        let world = World::with(&service, |settings| settings.workers = 1, |_| {});
        for _ in 0..2 {
            assert_eq!(world.get("/products/shop/v1").text(), "ok", "{head}");
        }
        assert_eq!(service.seen().iter().any(|seen| seen.number == 1), kept, "{head}");
    }
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_whole() {
    let service = Service::start(|exchange| {
        for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" {
            exchange.write([*byte]);
        }
        After::Keep
    });
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.text(), answer.whole), ("hello", true));
}

/// RFC 9112 §9.3: a client may send everything before it reads anything.
#[test]
fn an_upload_goes_on_while_the_client_does_not_take_the_early_answer() {
    const LENGTH: usize = 2 << 20;
    let service = Service::start(|exchange| {
        exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        exchange.write(vec![b'a'; LENGTH]);
        exchange.read_body();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: x\r\n{}Content-Length: {LENGTH}\r\n\r\n", world.key.basic()));
    service.wait_for_requests(1);
    client.send(vec![b'b'; LENGTH]);
    let answer = client.receive();
    assert_eq!((answer.status, answer.body.len(), answer.whole), (200, LENGTH, true));
    assert_eq!(service.last().body.len(), LENGTH);
}

/// As one with a body does.
#[test]
fn an_early_answer_without_a_body_does_not_stop_the_upload() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        exchange.read_body();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: x\r\n{}Content-Length: 4\r\n\r\n", world.key.basic()));
    assert_eq!(client.receive().status, 202);
    client.send("body");
    assert_eq!(service.last().body, b"body");
}
