//! Answers that are kept (RFC 9111), with a service that counts how often it is asked.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use mintreu_gateway::Change;
use mintreu_model::id::{ApiKeyId, ApplicationId};
use uuid::Uuid;

use crate::support::{Answer, Key, Service, World, service::After};

const PATH: &str = "/products/shop/v1/orders";

/// A service that answers with these lines and the number of the call, or 304 where it is asked for
/// the tag that it has.
fn service(lines: &str) -> Service {
    let (lines, asked) = (lines.to_owned(), AtomicUsize::new(0));
    Service::start(move |exchange| {
        if !exchange.read_body() {
            return After::Close;
        }
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let known = exchange.seen.all("if-none-match").iter().any(|tag| lines.contains(&format!("ETag: {tag}")));
        if known {
            exchange.write(format!("HTTP/1.1 304 Not Modified\r\n{lines}X-Said: {number}\r\n\r\n"));
        } else if exchange.seen.line.starts_with("HEAD") {
            exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n{lines}\r\n"));
        } else {
            let body = format!("number{number}");
            exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{lines}\r\n{body}", body.len()));
        }
        After::Keep
    })
}

fn world(service: &Service) -> World {
    let world = World::new(service);
    world.caching();
    world
}

fn get(world: &World, lines: &str) -> Answer {
    world.call_with("GET", PATH, &format!("{}{lines}", world.key.basic()), "")
}

fn said(answer: &Answer) -> &str {
    answer.all("cache-status").last().copied().unwrap_or_default()
}

/// The bodies of two calls.
fn twice(lines: &str) -> (String, String) {
    let service = service(lines);
    let world = world(&service);
    let (one, two) = (get(&world, ""), get(&world, ""));
    (one.text().to_owned(), two.text().to_owned())
}

fn kept() -> (String, String) {
    ("number0".to_owned(), "number0".to_owned())
}

fn asked() -> (String, String) {
    ("number0".to_owned(), "number1".to_owned())
}

#[test]
fn a_fresh_answer_is_given_again_metered_and_billed() {
    let service = service("Cache-Control: max-age=60\r\nETag: \"a\"\r\nX-Two: 1\r\nX-Two: 2\r\n");
    let world = world(&service);
    world.issue(&world.key, |grant| grant.quota.included = 2);
    let first = get(&world, "");
    assert_eq!((first.status, first.text(), said(&first)), (200, "number0", "Mintreu; fwd=miss; fwd-status=200; stored"));
    let second = get(&world, "");
    assert_eq!((second.status, second.text()), (200, "number0"));
    assert!(said(&second).starts_with("Mintreu; hit; ttl="), "{second:?}");
    assert!(second.header("age").parse::<u64>().unwrap() < 60);
    assert_eq!(second.all("x-two"), ["1", "2"]);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(second.header("ratelimit"), r#""quota";r=0;t=1728000"#);
    get(&world, "").is_problem(429, "quota_exhausted", "client");
    let usage = world.usage_of(2);
    assert!(usage.iter().all(|record| record.billed && record.status == 200 && record.bytes_out == 7), "{usage:?}");
    assert_eq!(service.seen().len(), 1);
    let text = world.gateway.metrics_text();
    assert!(text.contains("mintreu_gateway_cache_hits_total 1") && text.contains("mintreu_gateway_cache_misses_total 1"), "{text}");
}

#[test]
fn a_product_that_does_not_keep_answers_asks_each_time_and_says_nothing() {
    let service = service("Cache-Control: max-age=60\r\n");
    let world = World::new(&service);
    assert_eq!((get(&world, "").text(), get(&world, "").text()), ("number0", "number1"));
    assert_eq!(said(&get(&world, "")), "");
}

#[test]
fn what_the_service_says_decides_what_is_kept() {
    assert_eq!(twice("Cache-Control: private, max-age=60\r\n"), kept());
    assert_eq!(twice("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: Sun, 06 Nov 1994 08:49:38 GMT\r\n"), asked());
    assert_eq!(twice("Expires: Sat, 06 Nov 2100 08:49:37 GMT\r\n"), kept());
    for lines in [
        "",
        "Cache-Control: no-store, max-age=60\r\n",
        "Cache-Control: s-maxage=60\r\n",
        "Cache-Control: max-age=0\r\n",
        "Cache-Control: max-age=60\r\nAge: 60\r\n",
        "Cache-Control: max-age=60\r\nVary: *\r\n",
        "Cache-Control: max-age=60\r\nVary: Mintreu-Key\r\n",
        "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n",
        "Cache-Control: no-cache\r\n",
    ] {
        assert_eq!(twice(lines), asked(), "{lines}");
    }
}

#[test]
fn an_answer_belongs_to_the_application_that_got_it() {
    let service = service("Cache-Control: max-age=60\r\n");
    let world = world(&service);
    let other = Key::number(2);
    world.issue(&other, |grant| {
        grant.key_id = ApiKeyId(Uuid::from_u128(2));
        grant.application_id = ApplicationId(Uuid::from_u128(2));
    });
    assert_eq!(get(&world, "").text(), "number0");
    assert_eq!(world.call_with("GET", PATH, &other.basic(), "").text(), "number1");
    assert_eq!(get(&world, "").text(), "number0");
    world.issue(&world.key, |grant| grant.key_revoked = true);
    world.gateway.invalidate(&Change::Everything);
    get(&world, "").is_problem(401, "credentials_invalid", "client");
}

#[test]
fn the_whole_target_and_the_fields_that_vary_tell_answers_apart() {
    let service = service("Cache-Control: max-age=60\r\nVary: Accept, Accept-Language\r\n");
    let world = world(&service);
    let calls = ["Accept: a\r\n", "Accept: b\r\n", "Accept: a\r\nAccept-Language: de\r\n", ""];
    for (number, lines) in calls.iter().enumerate() {
        assert_eq!(get(&world, lines).text(), format!("number{number}"));
    }
    for (number, lines) in calls.iter().enumerate() {
        assert_eq!(get(&world, lines).text(), format!("number{number}"));
    }
    assert_eq!(world.get("/products/shop/v1/orders?a").text(), "number4");
}

#[test]
fn a_head_is_kept_for_itself() {
    let service = service("Cache-Control: max-age=60\r\n");
    let world = world(&service);
    for _ in 0..2 {
        let mut client = world.client();
        client.send(format!("HEAD {PATH} HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
        let head = client.head();
        assert_eq!((head.status, head.header("content-length")), (200, "7"));
    }
    assert_eq!(get(&world, "").text(), "number1");
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let service = service("Cache-Control: max-age=60\r\nETag: \"a,b\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    let world = world(&service);
    get(&world, "");
    for (lines, status) in [
        ("If-None-Match: \"x\", W/\"a,b\"\r\n", 304),
        ("If-None-Match: *\r\n", 304),
        ("If-None-Match: \"a\"\r\n", 200),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200),
        ("If-None-Match: \"x\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200),
    ] {
        let answer = get(&world, lines);
        assert_eq!((answer.status, answer.header("etag")), (status, "\"a,b\""), "{lines}");
    }
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn a_stale_answer_is_validated_and_lives_on() {
    let service = service("Cache-Control: no-cache\r\nETag: \"a\"\r\n");
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    world.caching();
    assert_eq!(get(&world, "").text(), "number0");
    let answer = get(&world, "");
    assert_eq!((answer.status, answer.text(), answer.header("x-said")), (200, "number0", "1"));
    assert_eq!(said(&answer), "Mintreu; fwd=stale; fwd-status=304; stored");
    assert_eq!(service.last().all("if-none-match"), ["\"a\""]);
    let has = get(&world, "If-None-Match: \"a\"\r\n");
    assert_eq!((has.status, has.text()), (304, ""));
    let differs = get(&world, "If-None-Match: \"b\"\r\n");
    assert_eq!((differs.status, differs.text()), (200, "number0"));
    assert_eq!(service.last().all("if-none-match"), ["\"a\""], "the store's own tag alone");
    assert_eq!(world.usage_of(4).iter().filter(|record| record.billed).count(), 4);
    assert!(service.seen().iter().all(|seen| seen.connection == 0), "a connection goes back after a 304");
}

#[test]
fn a_client_may_ask_for_more_or_less_than_what_is_kept() {
    let service = service("Cache-Control: max-age=60\r\nAge: 10\r\n");
    let world = world(&service);
    get(&world, "Cache-Control: only-if-cached\r\n").is_problem(504, "not_cached", "client");
    assert_eq!(get(&world, "Cache-Control: no-store\r\n").text(), "number0");
    assert_eq!(get(&world, "").text(), "number1");
    let mut number = 1;
    for (lines, asks) in [
        ("Cache-Control: only-if-cached\r\n", false),
        ("Cache-Control: max-age=30\r\n", false),
        ("Cache-Control: min-fresh=30\r\n", false),
        ("Cache-Control: no-cache\r\n", true),
        ("Pragma: no-cache\r\n", true),
        ("Cache-Control: max-age=0\r\n", true),
        ("Cache-Control: max-age=5\r\n", true),
        ("Cache-Control: min-fresh=55\r\n", true),
    ] {
        number += usize::from(asks);
        assert_eq!(get(&world, lines).text(), format!("number{number}"), "{lines}");
    }
    for lines in ["Range: bytes=0-1\r\n", "Cookie: user=a\r\n", "If-Match: \"a\"\r\n"] {
        assert_eq!(said(&get(&world, lines)), "Mintreu; fwd=bypass; fwd-status=200", "{lines}");
    }
    assert_eq!(get(&world, "").text(), format!("number{number}"));
}

#[test]
fn a_write_that_succeeds_makes_what_is_kept_out_of_date() {
    let service = Service::start(|exchange| {
        if !exchange.read_body() {
            return After::Close;
        }
        let line = exchange.seen.line.clone();
        let status = if line.starts_with("DELETE") { "409 Conflict" } else { "200 OK" };
        let number = exchange.seen.number;
        exchange.write(format!("HTTP/1.1 {status}\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n\r\n{number}"));
        After::Keep
    });
    let world = world(&service);
    let one = get(&world, "").text().to_owned();
    assert_eq!(world.call("DELETE", PATH).status, 409);
    assert_eq!(get(&world, "").text(), one);
    assert_eq!(said(&world.call("POST", PATH)), "Mintreu; fwd=method; fwd-status=200");
    assert!(said(&get(&world, "")).starts_with("Mintreu; fwd=miss"));
    world.call("POST", "/products/shop/v1/other");
    assert!(said(&get(&world, "")).starts_with("Mintreu; hit"));
}

#[test]
fn an_answer_that_was_on_its_way_when_it_was_written_is_not_kept() {
    let held: Arc<Mutex<()>> = Arc::default();
    let gate = Arc::clone(&held);
    let service = Service::start(move |exchange| {
        if !exchange.read_body() {
            return After::Close;
        }
        if exchange.seen.line.starts_with("GET") {
            drop(gate.lock().unwrap());
        }
        exchange.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n\r\nx");
        After::Keep
    });
    let world = world(&service);
    let before = held.lock().unwrap();
    let mut client = world.client();
    client.send(format!("GET {PATH} HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    service.wait_for_requests(1);
    assert_eq!(world.call("PUT", PATH).status, 200);
    drop(before);
    assert_eq!(client.receive().status, 200);
    assert!(said(&get(&world, "")).starts_with("Mintreu; fwd=miss"));
}

#[test]
fn only_what_is_whole_and_small_enough_is_kept() {
    let cut = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf");
        After::Close
    });
    let of_cut = world(&cut);
    assert!(!get(&of_cut, "").whole);
    assert!(!get(&of_cut, "").whole);
    assert_eq!(cut.seen().len(), 2);
    for (length, asks) in [(1_000, 1), (1_001, 2)] {
        let body = "x".repeat(length);
        for head in [
            format!("Content-Length: {length}\r\n\r\n{body}"),
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        ] {
            let service = Service::fixed(format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n{head}"));
            let world = World::with(&service, |settings| settings.cache.largest_body = 1_000, |_| {});
            world.caching();
            for _ in 0..2 {
                let answer = get(&world, "");
                assert_eq!((answer.body.len(), answer.whole), (length, true));
            }
            assert_eq!(service.seen().len(), asks, "{length}");
        }
    }
}

#[test]
fn memory_is_bounded() {
    let body = "x".repeat(10_000);
    let service = Service::fixed(format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10000\r\n\r\n{body}"));
    let world = World::with(&service, |settings| settings.cache.total_bytes = 100_000, |_| {});
    world.caching();
    let mut client = world.client();
    for number in 0..50 {
        client.send(format!("GET {PATH}?{number} HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
        assert_eq!(client.receive().body.len(), 10_000);
    }
    let text = world.gateway.metrics_text();
    let line = text.lines().find(|line| line.starts_with("mintreu_gateway_cache_bytes ")).unwrap();
    let bytes: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((10_000..=120_000).contains(&bytes), "{bytes}");
}
