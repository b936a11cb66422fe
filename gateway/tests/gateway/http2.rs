//! Clients that speak HTTP/2 (RFC 9113): the same promises as in HTTP/1.1, kept by other frames.

use std::{
    io::Write as _,
    sync::{atomic::Ordering, mpsc},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Request};

use crate::support::{
    Client, PATIENCE, Service, World, eventually,
    http2::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, GO_AWAY, HEADERS, Http2, PROTOCOL_ERROR, RESET, Raw, SETTINGS, fields, frame, wait,
    },
    service::After,
};

fn get(world: &World, path: &str) -> Request<()> {
    world.request("GET", path).body(()).unwrap()
}

/// RFC 9113 §3.3.
#[test]
fn one_connection_in_the_clear_carries_calls_to_both_planes() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let answer = client.call(get(&world, "/products/shop/v1?a=%2F"));
    assert_eq!((answer.status, answer.text()), (200, "GET /v1?a=%2F HTTP/1.1"));
    assert_eq!(answer.header("ratelimit"), r#""quota";r=999999;t=1728000"#);
    assert_eq!(answer.header("x-request-id"), service.last().header("x-request-id"));
    let login = Request::post("http://gw/login").body(()).unwrap();
    assert_eq!(client.call_with(login, "abc").text(), "dashboard /login 3");
    assert_eq!(client.call(get(&world, "/.well-known/jwks.json")).status, 200);
}

/// RFC 9113 §3.4: what begins like the preface may be anything still.
#[test]
fn the_first_bytes_may_come_one_by_one() {
    let service = Service::plain();
    let world = World::new(&service);
    let one_by_one = |client: &mut Client, text: &str| {
        for byte in text.as_bytes() {
            client.send([*byte]);
            std::thread::yield_now();
        }
    };
    for method in ["POST", "PRINT", "P"] {
        let mut client = world.client();
        one_by_one(&mut client, &format!("{method} /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
        assert_eq!(client.receive().text(), format!("{method} /v1 HTTP/1.1"));
    }
    let mut client = world.client();
    one_by_one(&mut client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(Raw(client).next().unwrap().kind, SETTINGS);
}

/// RFC 9113 §8.1.1, §8.2, §8.3.
#[test]
fn malformed_heads_are_errors_of_the_protocol_and_never_arrive() {
    let service = Service::plain();
    let world = World::new(&service);
    let authorization = world.key.basic();
    let authorization = ("authorization", authorization.trim().split_once(": ").unwrap().1);
    let refused = |head: &[(&str, &str)]| {
        let mut raw = Raw::connect(world.address);
        raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(head)));
        let answer = raw.next_of(&[RESET, HEADERS, GO_AWAY]).unwrap();
        assert!(matches!(answer.kind, RESET | GO_AWAY) && answer.code() == PROTOCOL_ERROR, "{head:?}: {answer:?}");
    };
    let usual = [(":method", "GET"), (":scheme", "http"), (":authority", "gw"), (":path", "/products/shop/v1")];
    for more in [
        &[("connection", "close")][..],
        &[("connection", "mintreu-tenant")],
        &[("transfer-encoding", "chunked")],
        &[("keep-alive", "5")],
        &[("proxy-connection", "x")],
        &[("upgrade", "websocket")],
        &[("te", "gzip")],
        &[("X-Upper", "x")],
        &[(":method", "POST")],
        &[(":status", "200")],
        &[(":protocol", "websocket")],
        &[("content-length", "5")],
        &[("content-length", "0"), ("content-length", "1")],
        &[("content-length", "+0")],
        &[("x-bad", "a\0b")],
        &[("x-bad", "a\r\nb")],
        &[("x bad", "a")],
    ] {
        refused(&usual.iter().chain(&[authorization]).chain(more).copied().collect::<Vec<_>>());
    }
    // A pseudo field that is missing, empty, or late.
    refused(&[(":method", "GET"), (":scheme", "http"), (":authority", "gw"), authorization]);
    refused(&[(":method", "GET"), (":authority", "gw"), (":path", "/products/shop/v1"), authorization]);
    refused(&[(":method", "GET"), (":scheme", "http"), (":authority", "gw"), (":path", ""), authorization]);
    refused(&[(":method", "GET"), (":scheme", "http"), authorization, (":authority", "gw"), (":path", "/products/shop/v1")]);
    assert!(service.seen().is_empty());
}

/// RFC 9113 §8.1.1: a body that is not as long as it says.
#[test]
fn a_body_that_contradicts_its_length_is_no_request() {
    let service = Service::start(|exchange| {
        if exchange.read_body() {
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        After::Close
    });
    let world = World::new(&service);
    for body in ["abc", "abcdefg"] {
        let mut client = world.http2();
        let request = world.request("POST", "/products/shop/v1").header("content-length", "5").body(()).unwrap();
        let mut call = client.begin(request, false);
        call.send(body, true);
        match call.head() {
            Err(_) => {}
            Ok((answer, _)) => assert_eq!(answer.status, 400),
        }
    }
    assert!(service.seen().iter().all(|seen| seen.body != b"abc"));
}

/// RFC 9113 §8.3.1.
#[test]
fn the_authority_must_be_one_host() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let call = |client: &mut Http2, uri: &str, host: Option<&str>| {
        let mut request = get(&world, "/products/shop/v1");
        *request.uri_mut() = uri.parse().unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        client.call(request)
    };
    assert_eq!(call(&mut client, "http://right.example/products/shop/v1?q", Some("Right.example")).text(), "GET /v1?q HTTP/1.1");
    assert_eq!(service.last().all("x-forwarded-host"), ["right.example"]);
    assert_eq!(service.last().all("host"), [service.address.to_string()]);
    call(&mut client, "http://right.example/products/shop/v1", Some("wrong.example")).is_problem(400, "request_malformed", "client");
    call(&mut client, "http://u@right.example/products/shop/v1", None).is_problem(400, "request_malformed", "client");

    let authorization = world.key.basic();
    let authorization = ("authorization", authorization.trim().split_once(": ").unwrap().1);
    let path = [(":method", "GET"), (":scheme", "http"), (":path", "/products/shop/v1")];
    let seen = service.seen().len();
    let mut raw = Raw::connect(world.address);
    for (number, hosts) in [&[][..], &[("host", "a"), ("host", "b")], &[("host", "")]].into_iter().enumerate() {
        let head: Vec<_> = path.iter().chain([&authorization]).chain(hosts).copied().collect();
        let stream = u32::try_from(number).unwrap() * 2 + 1;
        raw.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(&head)));
        let answer = raw.next_of(&[HEADERS, RESET]).unwrap();
        // `:status 400` is the twelfth of the static table (RFC 7541, appendix A).
        assert!(answer.kind == RESET || answer.payload[0] == 0x8c, "{answer:?}");
    }
    assert_eq!(service.seen().len(), seen);
    let head: Vec<_> = path.iter().chain([&authorization, &("host", "only.example")]).copied().collect();
    raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 9, &fields(&head)));
    service.wait_for_requests(seen + 1);
    assert_eq!(service.last().all("x-forwarded-host"), ["only.example"]);
}

#[test]
fn the_api_host_is_recognised_by_the_authority() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.api_host = Some("gw".to_owned()), |_| {});
    let mut client = world.http2();
    assert_eq!(client.call(get(&world, "/products/shop/v1")).text(), "GET /v1 HTTP/1.1");
    client.call(get(&world, "/login")).is_problem(404, "product_unknown", "client");
    let other = Request::get("http://www.example/products/shop/v1").body(()).unwrap();
    assert_eq!(client.call(other).text(), "dashboard /products/shop/v1 0");
}

#[test]
fn credentials_stand_once() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let mut twice = get(&world, "/products/shop/v1");
    let line = twice.headers()["authorization"].clone();
    twice.headers_mut().append("authorization", line);
    client.call(twice).is_problem(400, "request_malformed", "client");
    let mut none = get(&world, "/products/shop/v1");
    none.headers_mut().clear();
    let answer = client.call(none);
    answer.is_problem(401, "credentials_missing", "client");
    assert_eq!(answer.all("www-authenticate").len(), 2);
    assert!(service.seen().is_empty());
}

#[test]
fn what_the_client_says_about_identity_is_dropped_and_the_truth_arrives() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut request = world.request("POST", "/products/shop/v1").header("trailer", "mintreu-tenant, mintreu_plan, authorization, x-sum");
    for name in ["mintreu-tenant", "mintreu_tenant", "mintreu-new", "x-forwarded-for", "x_forwarded_host", "forwarded", "x-request-id"] {
        request = request.header(name, "evil").header(name, "evil");
    }
    let mut client = world.http2();
    let mut call = client.begin(request.body(()).unwrap(), false);
    call.send("abc", false);
    let mut trailers = HeaderMap::new();
    for name in ["mintreu-tenant", "mintreu_plan", "authorization", "x-sum"] {
        trailers.insert(name, "evil".parse().unwrap());
    }
    call.end_with(trailers);
    assert_eq!(call.receive().status, 200);
    let seen = service.last();
    assert_eq!(seen.trailers, [("x-sum".to_owned(), "evil".to_owned())]);
    assert!(!format!("{:?}", seen.headers).contains("evil"), "{seen:?}");
    assert_eq!(seen.all("mintreu-tenant"), ["ten_00000000000000000000000001"]);
    assert!(seen.all("authorization").is_empty());
    assert_eq!((seen.body.as_slice(), seen.all("transfer-encoding")), (&b"abc"[..], vec!["chunked"]));
}

/// RFC 9113 §8.2.3.
#[test]
fn crumbs_of_a_cookie_arrive_as_one() {
    let service = Service::plain();
    let world = World::new(&service);
    let request = world.request("GET", "/products/shop/v1").header("cookie", "a=b").header("cookie", "c=d").body(()).unwrap();
    assert_eq!(world.http2().call(request).status, 200);
    assert_eq!(service.last().all("cookie"), ["a=b; c=d"]);
}

#[test]
fn trailers_survive_in_both_directions() {
    let service = Service::start(|exchange| {
        exchange.read_body();
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Mintreu-Plan\r\n\r\n");
        exchange.write("2\r\nhi\r\n0\r\nX-Sum: 9\r\nMintreu-Plan: evil\r\n\r\n");
        After::Keep
    });
    let world = World::new(&service);
    let mut client = world.http2();
    let request = world.request("POST", "/products/shop/v1").header("te", "trailers").header("trailer", "x-in").body(()).unwrap();
    let mut call = client.begin(request, false);
    call.send("a", false);
    call.end_with([(http::HeaderName::from_static("x-in"), "1".parse().unwrap())].into_iter().collect());
    let answer = call.receive();
    assert_eq!((answer.text(), answer.whole), ("hi", true));
    assert_eq!(answer.trailers, [("x-sum".to_owned(), "9".to_owned())]);
    assert!(answer.all("transfer-encoding").is_empty() && answer.all("connection").is_empty());
    let seen = service.last();
    assert_eq!((seen.header("te"), seen.header("connection")), ("trailers", "TE"));
    assert_eq!(seen.trailers, [("x-in".to_owned(), "1".to_owned())]);
}

#[test]
fn paths_that_could_be_walked_around_never_reach_a_service() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    for path in [
        "/products/shop/v1/../admin",
        "/products/shop/v1/%2e%2E/admin",
        "/products/../shop/v1",
        "/products/shop/v1/a%5cb",
        "/products/shop/v1/%00",
        "/products/shop/v1/a%2Fb",
        "/products/shop/.mintreu/v1/applications/x",
        "/products/shop/%zz",
    ] {
        client.call(get(&world, path)).is_problem(400, "request_malformed", "client");
    }
    assert!(service.seen().is_empty());
}

/// RFC 9110 §9.3.2, §15.3.5, §15.4.5.
#[test]
fn head_keeps_its_length_and_answers_without_a_body_have_none() {
    let service = Service::start(|exchange| {
        let answer = match exchange.seen.line.split(' ').nth(1) {
            Some("/204") => "HTTP/1.1 204 No Content\r\n\r\n",
            Some("/304") => "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
        };
        exchange.write(answer);
        After::Keep
    });
    let world = World::new(&service);
    let mut client = world.http2();
    let head = |path: &str| world.request("HEAD", path).body(()).unwrap();
    let answer = client.call(head("/products/shop/v1"));
    assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (200, "1234", 0));
    for (path, status) in [("/products/shop/204", 204), ("/products/shop/304", 304)] {
        let answer = client.call(get(&world, path));
        assert_eq!((answer.status, answer.body.len(), answer.whole), (status, 0, true));
        assert!(answer.all("content-length").is_empty());
    }
    for (path, status) in [("/products/none", 404), ("/login", 200)] {
        let answer = client.call(head(path));
        assert_eq!((answer.status, answer.body.len(), answer.whole), (status, 0, true), "{path}");
        assert!(answer.header("content-length").parse::<u32>().unwrap() > 0);
    }
}

#[test]
fn informational_answers_are_never_taken_for_the_final_one() {
    let service = Service::fixed("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let world = World::new(&service);
    let answer = world.http2().call(get(&world, "/products/shop/v1"));
    assert_eq!((answer.status, answer.text()), (200, "ok"));
}

/// RFC 9110 §10.1.1: a server may leave the 100 out.
#[test]
fn an_expectation_is_answered_by_the_final_answer() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let expecting = |builder: http::request::Builder| builder.header("expect", "100-continue").body(()).unwrap();
    let bad = Request::post("http://gw/products/shop/v1").header("authorization", "Basic eDp5");
    client.begin(expecting(bad), false).receive().is_problem(401, "credentials_invalid", "client");
    assert!(service.seen().is_empty());
    let mut call = client.begin(expecting(world.request("POST", "/products/shop/v1")), false);
    call.send("hello", true);
    assert_eq!(call.receive().status, 200);
    assert!(service.last().all("expect").is_empty());
}

#[test]
fn bodies_beyond_the_limit_are_refused_with_and_without_a_length() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.max_body_bytes = 1_000, |_| {});
    let mut client = world.http2();
    let request = world.request("POST", "/products/shop/v1").header("content-length", "2000").body(()).unwrap();
    client.begin(request, false).receive().is_problem(413, "body_too_large", "client");
    let request = world.request("POST", "/products/shop/v1").body(()).unwrap();
    client.call_with(request, vec![7; 2_000]).is_problem(413, "body_too_large", "client");
    assert_eq!(world.usage_of(1)[0].status, 413);
    assert_eq!(client.call(get(&world, "/products/shop/v1")).status, 200);
}

#[test]
fn addresses_and_heads_that_are_too_large_are_refused() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let long = "x".repeat(17_000);
    client.call(get(&world, &format!("/products/shop/{long}"))).is_problem(414, "uri_too_long", "client");
    let mut many = world.request("GET", "/products/shop/v1");
    for number in 0..150 {
        many = many.header("x-many", number);
    }
    client.call(many.body(()).unwrap()).is_problem(431, "headers_too_large", "client");
    let mut large = world.request("GET", "/login");
    for _ in 0..5 {
        large = large.header("x-large", &long);
    }
    assert_eq!(client.call(large.body(()).unwrap()).status, 431);
    assert_eq!(client.call(get(&world, "/products/shop/v1")).status, 200);
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn a_stalled_body_is_answered_408() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.upload_idle = Duration::from_millis(100), |_| {});
    let mut client = world.http2();
    let mut call = client.begin(world.request("POST", "/products/shop/v1").body(()).unwrap(), false);
    call.send("half", false);
    call.receive().is_problem(408, "request_timeout", "client");
}

/// RFC 9113 §8.1: an answer may come before its request is whole.
#[test]
fn an_early_answer_is_relayed_at_once_and_the_connection_lives_on() {
    let service = Service::start(|exchange| {
        if exchange.seen.line.starts_with("GET") {
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return After::Keep;
        }
        exchange.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        exchange.wait_for_close();
        After::Close
    });
    let world = World::with(&service, |settings| settings.upload_idle = Duration::from_millis(200), |_| {});
    let mut client = world.http2();
    let mut call = client.begin(world.request("POST", "/products/shop/v1").body(()).unwrap(), false);
    call.send("part", false);
    let answer = call.receive();
    assert_eq!((answer.status, answer.text(), answer.whole), (403, "no", true));
    assert_eq!(client.call(get(&world, "/products/shop/v1")).text(), "ok");
}

/// RFC 9113 §8.7.
#[test]
fn a_cancelled_stream_cancels_the_service_within_a_second_and_is_recorded_as_499() {
    let service = Service::start(|exchange| {
        exchange.wait_for_close();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.http2();
    let call = client.begin(get(&world, "/products/shop/v1"), true);
    service.wait_for_requests(1);
    let left = Instant::now();
    call.cancel();
    service.wait_for_closed(1);
    assert!(left.elapsed() < Duration::from_secs(1));
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed), (499, false));
    let dashboard = client.begin(Request::get("http://gw/endless").body(()).unwrap(), true);
    eventually("the call", || world.dashboard.load(Ordering::SeqCst) == 1);
    dashboard.cancel();
    eventually("the end of the call", || world.dashboard.load(Ordering::SeqCst) == 0);
}

#[test]
fn a_stream_cancelled_in_the_middle_of_its_answer_stops_the_service() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        exchange.wait_for_close();
        After::Close
    });
    let world = World::new(&service);
    let mut client = world.http2();
    let mut call = client.begin(get(&world, "/products/shop/v1"), true);
    let (answer, mut body) = call.head().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(wait(body.data()).unwrap().unwrap(), Bytes::from_static(b"one"));
    call.cancel();
    drop(body);
    service.wait_for_closed(1);
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed, record.bytes_out), (200, true, 3));
}

#[test]
fn events_arrive_one_by_one_each_within_50_ms() {
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let service = Service::start(move |exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..5 {
            held.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            exchange.write("8\r\ndata: x\n\r\n");
        }
        exchange.write("0\r\n\r\n");
        After::Keep
    });
    let world = World::with(&service, |_| {}, |policy| policy.timeout = Duration::from_millis(100));
    let mut client = world.http2();
    let mut call = client.begin(get(&world, "/products/shop/v1"), true);
    let (_, mut body) = call.head().unwrap();
    let mut waits: Vec<Duration> = (0..5)
        .map(|_| {
            let sent = Instant::now();
            release.send(()).unwrap();
            assert_eq!(wait(body.data()).unwrap().unwrap(), Bytes::from_static(b"data: x\n"));
            sent.elapsed()
        })
        .collect();
    waits.sort_unstable();
    assert!(waits[2] < Duration::from_millis(50), "{waits:?}");
    assert!(wait(body.data()).is_none_or(|last| last.unwrap().is_empty()));
}

/// RFC 9113 §8.1: a truncated answer is a reset, never a clean end.
#[test]
fn a_service_that_dies_in_the_middle_leaves_a_broken_answer() {
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let service = Service::start(move |exchange| {
            exchange.write(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n"));
            After::Close
        });
        let world = World::new(&service);
        let mut client = world.http2();
        assert!(!client.call(get(&world, "/products/shop/v1")).whole, "{framing}");
        assert_eq!(client.call(get(&world, "/.well-known/jwks.json")).status, 200);
    }
}

/// RFC 8441 is not offered; RFC 9113 §8.5 is for proxies that forward anywhere.
#[test]
fn tunnels_are_refused() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.http2();
    let connect = world.request("CONNECT", "").uri("gw:80").body(()).unwrap();
    client.begin(connect, false).receive().is_problem(400, "request_malformed", "client");
    let mut raw = Raw::connect(world.address);
    let settings = raw.next_of(&[SETTINGS]).unwrap();
    let enabled = settings.payload.chunks(6).any(|setting| setting[..2] == [0, 8] && setting[2..] != [0, 0, 0, 0]);
    assert!(!enabled);
    assert!(service.seen().is_empty());
}

/// RFC 9113 §6.8.
#[test]
fn a_call_under_way_finishes_when_the_gateway_stops() {
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let service = Service::start(move |exchange| {
        held.lock().unwrap().recv().unwrap();
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        After::Keep
    });
    let mut world = World::new(&service);
    let mut client = world.http2();
    let mut call = client.begin(get(&world, "/products/shop/v1"), true);
    let idle = world.http2();
    service.wait_for_requests(1);
    world.begin_stop();
    idle.wait_for_end();
    release.send(()).unwrap();
    assert_eq!(call.receive().text(), "done");
    client.wait_for_end();
    world.stop();
}

#[test]
fn an_idle_connection_is_let_go_and_a_busy_one_is_not() {
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let service = Service::start(move |exchange| {
        held.lock().unwrap().recv().unwrap();
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        After::Keep
    });
    let world = World::with(&service, |settings| settings.header_timeout = Duration::from_millis(200), |_| {});
    let mut busy = world.http2();
    let mut call = busy.begin(get(&world, "/products/shop/v1"), true);
    service.wait_for_requests(1);
    let idle = world.http2();
    idle.wait_for_end();
    release.send(()).unwrap();
    assert_eq!(call.receive().text(), "done");
    assert_eq!(busy.call(get(&world, "/.well-known/jwks.json")).status, 200);
    busy.wait_for_end();
}

/// RFC 9113 §4.3, §6.10: nothing may come between the parts of a head.
#[test]
fn a_head_in_parts_is_one_head_and_must_not_be_interrupted() {
    let service = Service::plain();
    let world = World::new(&service);
    let (name, value) = ("authorization", world.key.basic());
    let value = value.trim().split_once(": ").unwrap().1;
    let head = [(":method", "GET"), (":scheme", "http"), (":authority", "gw"), (":path", "/products/shop/v1"), (name, value)];
    let head = fields(&head);
    let (first, second) = head.split_at(20);
    let mut raw = Raw::connect(world.address);
    raw.send(frame(HEADERS, END_STREAM, 1, first)).send(frame(CONTINUATION, END_HEADERS, 1, second));
    assert_eq!(raw.next_of(&[HEADERS, RESET, GO_AWAY]).unwrap().kind, HEADERS);
    assert_eq!(service.seen().len(), 1);
    for between in [frame(DATA, 0, 1, b"x"), frame(CONTINUATION, 0, 5, second), frame(HEADERS, END_HEADERS, 5, &head)] {
        let mut raw = Raw::connect(world.address);
        raw.send(frame(HEADERS, END_STREAM, 3, first)).send(between);
        let farewell = raw.next_of(&[GO_AWAY]).unwrap();
        assert_eq!(farewell.code(), PROTOCOL_ERROR);
        assert!(raw.next().is_none());
    }
}

#[test]
fn another_protocol_at_this_port_is_closed() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.stream().write_all(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(client.stream(), &mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 2"));
}
