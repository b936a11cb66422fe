//! Every code of the contract's table, and that no more is said than may be.

use crate::support::{Answer, Key, Service, World, service::After, world::routes};
use mintreu_gateway::{ApplicationStatus, Change, Grant};

fn refused(change: impl FnOnce(&mut Grant)) -> Answer {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, change);
    let answer = world.get("/products/shop/v1/orders");
    assert!(service.seen().is_empty());
    assert_eq!(world.usage(), []);
    answer
}

#[test]
fn a_good_call_reaches_the_service_and_comes_back_with_its_limits() {
    let service = Service::plain();
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1/orders?a=%2F&b=c//d");
    assert_eq!((answer.status, answer.text()), (200, "GET /v1/orders?a=%2F&b=c//d HTTP/1.1"));
    assert_eq!(answer.header("ratelimit-policy"), r#""rate";q=1000000;w=1, "quota";q=1000000;w=2592000"#);
    assert_eq!(answer.header("ratelimit"), r#""quota";r=999999;t=1728000"#);
    assert!(answer.header("x-request-id").starts_with("req_"));
    assert_eq!(service.last().header("x-request-id"), answer.header("x-request-id"));
}

#[test]
fn without_credentials_the_answer_says_how_to_send_them() {
    let service = Service::plain();
    let world = World::new(&service);
    let answer = world.call_with("GET", "/products/shop/v1", "", "");
    answer.is_problem(401, "credentials_missing", "client");
    assert_eq!(answer.all("www-authenticate").len(), 2);
}

#[test]
fn an_unknown_id_a_wrong_secret_and_junk_get_one_answer() {
    let service = Service::plain();
    let world = World::new(&service);
    let wrong = Key { secret: Key::number(2).secret, ..world.key.clone() };
    let junk = Key { client_id: "x".to_owned(), secret: "y".to_owned() };
    let lines = [
        Key::number(3).basic(),
        wrong.basic(),
        junk.basic(),
        "Authorization: Basic !!!\r\n".to_owned(),
        "Authorization: Digest x\r\n".to_owned(),
        "Authorization: Bearer x.y.z\r\n".to_owned(),
    ];
    let mut answers = Vec::new();
    for line in lines {
        let mut answer = world.call_with("GET", "/products/shop/v1", &line, "");
        answer.is_problem(401, "credentials_invalid", "client");
        let id = answer.header("x-request-id").to_owned();
        answer.headers.retain(|(name, _)| name != "x-request-id" && name != "date");
        answers.push((answer.headers.clone(), answer.text().replace(&id, "")));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(service.seen().is_empty());
}

#[test]
fn junk_is_refused_without_a_look_up_and_an_unknown_id_is_looked_up_once() {
    let service = Service::plain();
    let world = World::new(&service);
    let junk = Key { secret: "mcs_junk".to_owned(), ..Key::number(3) };
    world.call_with("GET", "/products/shop/v1", &junk.basic(), "");
    let asked = || world.plane.asked.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked(), 0);
    for _ in 0..5 {
        world.call_with("GET", "/products/shop/v1", &Key::number(3).basic(), "");
    }
    assert_eq!(asked(), 1);
}

#[test]
fn an_expired_or_revoked_key_is_refused() {
    refused(|grant| grant.key_expires_at = Some(grant.quota.period_start)).is_problem(401, "credentials_expired", "client");
    refused(|grant| grant.key_revoked = true).is_problem(401, "credentials_invalid", "client");
}

#[test]
fn a_key_expires_while_its_grant_is_cached() {
    let service = Service::plain();
    let world = World::new(&service);
    let expires = *world.plane.now.lock().unwrap() + chrono::TimeDelta::hours(1);
    world.issue(&world.key, |grant| grant.key_expires_at = Some(expires));
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.advance(chrono::TimeDelta::hours(1));
    world.get("/products/shop/v1").is_problem(401, "credentials_expired", "client");
}

#[test]
fn each_state_that_forbids_a_call_has_its_code() {
    refused(|grant| grant.tenant_suspended = true).is_problem(403, "tenant_suspended", "client");
    refused(|grant| grant.subscription_live = false).is_problem(403, "subscription_inactive", "client");
    refused(|grant| grant.application_status = ApplicationStatus::Suspended).is_problem(403, "application_suspended", "client");
    refused(|grant| grant.application_status = ApplicationStatus::Other).is_problem(403, "application_not_active", "client");
    refused(|grant| grant.scopes = vec!["POST /v1/orders".parse().unwrap()]).is_problem(403, "scope_insufficient", "client");
    refused(|grant| grant.allowed_ips = vec!["192.0.2.0/24".parse().unwrap()]).is_problem(403, "ip_not_allowed", "client");
}

#[test]
fn a_key_serves_its_own_product_only() {
    let service = Service::plain();
    let world = World::new(&service);
    world.get("/products/blog/v1").is_problem(403, "product_mismatch", "client");
    world.get("/products/nothing/v1").is_problem(404, "product_unknown", "client");
}

#[test]
fn only_exposed_routes_are_reachable_and_by_their_methods() {
    let service = Service::plain();
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.routes = routes(r#"[{"methods":["GET","POST"],"path":"/v1/orders"},{"methods":["DELETE"],"path":"/v1/orders/{id}"}]"#);
        },
    );
    assert_eq!(world.get("/products/shop/v1/orders").status, 200);
    world.get("/products/shop/v1/secrets").is_problem(404, "route_unknown", "client");
    world.get("/products/shop").is_problem(404, "route_unknown", "client");
    world.get("/products/shop//v1/orders").is_problem(404, "route_unknown", "client");
    let answer = world.call("PUT", "/products/shop/v1/orders");
    answer.is_problem(405, "method_not_allowed", "client");
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
}

/// RFC 3986 §5.2.4, §6.2.2.
#[test]
fn paths_that_could_be_walked_around_never_reach_a_service() {
    let service = Service::plain();
    let world = World::new(&service);
    for path in [
        "/products/shop/v1/../admin",
        "/products/shop/v1/%2e%2E/admin",
        "/products/shop/./v1",
        "/products/shop/v1/..",
        "/products/../shop/v1",
        "/products/shop/v1/a%5cb",
        "/products/shop/v1/a\\b",
        "/products/shop/v1/..\\admin",
        "/products/shop/v1/..;x/admin",
        "/products/shop/v1/%252e%252e/admin",
        "/products/shop/v1/%00",
        "/products/shop/v1/a%2Fb",
        "/products/shop/.mintreu/v1/applications/x",
        "/products/shop/%2eMINTREU/v1",
        "/products/shop//.mintreu/v1",
        "/products/shop/.%6dintreu/v1",
        "/products/shop/%zz",
    ] {
        world.get(path).is_problem(400, "request_malformed", "client");
    }
    assert!(service.seen().is_empty());
}

#[test]
fn an_encoded_slash_passes_where_the_route_allows_it() {
    let service = Service::plain();
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.routes = routes(r#"[{"methods":["GET"],"path":"/f/{*rest}","allow_encoded_slash":true}]"#);
        },
    );
    assert_eq!(world.get("/products/shop/f/a%2Fb").text(), "GET /f/a%2Fb HTTP/1.1");
    world.get("/products/shop/f/a%2F.%2e%2fb").is_problem(400, "request_malformed", "client");
}

/// RFC 9110 §15.5.14.
#[test]
fn bodies_beyond_the_limit_are_refused_with_and_without_a_length() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.max_body_bytes = 1_000, |_| {});
    let body = "x".repeat(2_000);
    world.call_with("POST", "/products/shop/v1", &world.key.basic(), &body).is_problem(413, "body_too_large", "client");
    let mut client = world.client();
    client.send(format!(
        "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Transfer-Encoding: chunked\r\n\r\n7d0\r\n{body}\r\n0\r\n\r\n",
        world.key.basic()
    ));
    client.receive().is_problem(413, "body_too_large", "client");
    assert_eq!(world.usage_of(1)[0].status, 413);
    assert!(!world.usage()[0].billed);
}

#[test]
fn a_plan_may_allow_less_than_the_gateway_and_a_change_of_it_bites() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.max_body_bytes = 5_000, |_| {});
    world.issue(&world.key, |grant| grant.max_request_bytes = Some(1_000));
    let (fits, large) = ("x".repeat(1_000), "x".repeat(1_001));
    let post = |body: &str| world.call_with("POST", "/products/shop/v1", &world.key.basic(), body);
    let chunked = |body: &str| {
        let mut client = world.client();
        let (key, length) = (world.key.basic(), body.len());
        client.send(format!(
            "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{key}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
        ));
        client.receive()
    };
    assert_eq!((post(&fits).status, chunked(&fits).status), (200, 200));
    for answer in [post(&large), chunked(&large)] {
        answer.is_problem(413, "body_too_large", "client");
        assert_eq!(answer.json()["detail"], "The body of the request is larger than 1000 bytes.");
    }
    world.issue(&world.key, |grant| grant.max_request_bytes = Some(1 << 40));
    world.gateway.invalidate(&Change::Subscription(uuid::Uuid::from_u128(1).into()));
    assert_eq!((post(&large).status, chunked(&large).status), (200, 200));
    post(&"x".repeat(5_001)).is_problem(413, "body_too_large", "client");
}

#[test]
fn an_answer_that_says_it_is_larger_than_the_plan_allows_is_a_502_that_nobody_pays() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_owned() + &"x".repeat(1_001));
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.max_response_bytes = Some(1_000));
    let answer = world.get("/products/shop/v1");
    answer.is_problem(502, "answer_too_large", "client");
    assert!(answer.json()["detail"].as_str().unwrap().contains("1000 bytes, the limit of the plan"));
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed), (502, false));
    world.issue(&world.key, |grant| grant.max_response_bytes = Some(1_001));
    world.gateway.invalidate(&Change::Everything);
    assert_eq!(world.get("/products/shop/v1").body.len(), 1_001);
}

#[test]
fn an_answer_that_grows_beyond_the_plan_breaks_off_visibly() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n");
        exchange.write("x".repeat(1_000));
        exchange.write("\r\n1\r\ny\r\n0\r\n\r\n");
        After::Keep
    });
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.max_response_bytes = Some(1_000));
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.status, answer.whole), (200, false));
    service.wait_for_closed(1);
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.billed, record.bytes_out <= 1_000), (true, true));
    world.issue(&world.key, |grant| grant.max_response_bytes = Some(1_001));
    world.gateway.invalidate(&Change::Everything);
    let answer = world.get("/products/shop/v1");
    assert_eq!((answer.body.len(), answer.whole), (1_001, true));
}

/// An answer to HEAD has a length and no body.
#[test]
fn an_answer_without_a_body_is_never_too_large() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.max_response_bytes = Some(1_000));
    let mut client = world.client();
    client.send(format!("HEAD /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    let head = client.head();
    assert_eq!((head.status, head.header("content-length")), (200, "1001"));
}

/// RFC 9110 §15.5.9.
#[test]
fn a_stalled_body_is_answered_408() {
    let service = Service::plain();
    let short = std::time::Duration::from_millis(100);
    let world = World::with(&service, |settings| settings.upload_idle = short, |_| {});
    let mut client = world.client();
    client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Content-Length: 10\r\n\r\nhalf", world.key.basic()));
    client.receive().is_problem(408, "request_timeout", "client");
}

/// RFC 9110 §15.5.15, RFC 6585 §5.
#[test]
fn addresses_and_heads_that_are_too_large_are_refused() {
    let service = Service::plain();
    let world = World::new(&service);
    let long = "x".repeat(20_000);
    world.get(&format!("/products/shop/{long}")).is_problem(414, "uri_too_long", "client");
    let lines = format!("X-Long: {long}\r\n").repeat(4);
    world.call_with("GET", "/products/shop/v1", &lines, "").is_problem(431, "headers_too_large", "client");
    let many = "X-Many: y\r\n".repeat(200);
    assert_eq!(world.call_with("GET", "/products/shop/v1", &many, "").status, 431);
}

#[test]
fn a_service_that_is_not_there_is_a_502() {
    let gone = Service::plain();
    let world = World::with(
        &gone,
        |_| {},
        |policy| {
            // A port that was free a moment ago.
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            policy.base_urls = vec![format!("http://{free}").parse().unwrap()];
        },
    );
    world.get("/products/shop/v1").is_problem(502, "service_unreachable", "service");
    let record = world.usage_of(1).remove(0);
    assert_eq!((record.status, record.billed), (502, false));
}

#[test]
fn a_service_that_hangs_is_a_504_at_its_deadline() {
    let service = Service::start(|exchange| {
        exchange.wait_for_close();
        After::Close
    });
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.timeout = std::time::Duration::from_millis(200);
        },
    );
    let began = std::time::Instant::now();
    world.get("/products/shop/v1").is_problem(504, "service_timeout", "service");
    assert!(began.elapsed() >= std::time::Duration::from_millis(200));
    service.wait_for_closed(1);
}

#[test]
fn an_unknown_key_is_a_503_while_the_control_plane_is_away_and_a_cached_one_is_served() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.away.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    let other = Key::number(2);
    world.call_with("GET", "/products/shop/v1", &other.basic(), "").is_problem(503, "service_unavailable", "platform");
    world.issue(&other, |_| {});
    world.plane.away.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.call_with("GET", "/products/shop/v1", &other.basic(), "").status, 200);
}

#[test]
fn refusals_are_counted_by_code() {
    let service = Service::plain();
    let world = World::new(&service);
    world.get("/products/nothing/x");
    world.gateway.invalidate(&Change::Everything);
    assert_eq!(world.gateway.snapshot().refusals.get("product_unknown"), Some(&1));
    let text = world.gateway.metrics_text();
    assert!(text.contains("mintreu_gateway_refusals_total{code=\"product_unknown\"} 1"), "{text}");
}
