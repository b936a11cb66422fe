//! Calls from pages of other origins (Fetch §3.2), as browsers make them.

use std::collections::HashMap;

use mintreu_gateway::{Change, Grant};
use mintreu_model::id::{ApplicationId, ProductId};
use uuid::Uuid;

use crate::support::{Answer, Key, Service, World, world::routes};

const SHOP: &str = "https://shop.example";
const OTHER: &str = "https://other.example";

fn union(world: &World, origins: &[&str]) {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    world.gateway.set_origins(&HashMap::from([(ProductId(Uuid::from_u128(1)), origins)]));
}

/// An application that allows [`SHOP`], of a product whose others allow [`OTHER`] too.
fn world(service: &Service) -> World {
    let world = World::new(service);
    world.issue(&world.key, |grant| grant.allowed_origins = vec![SHOP.to_owned()]);
    union(&world, &[OTHER, SHOP, SHOP]);
    world
}

fn ask(world: &World, origin: &str, method: &str, path: &str) -> Answer {
    let lines =
        format!("Origin: {origin}\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: content-type,x-a\r\n");
    world.call_with("OPTIONS", path, &lines, "")
}

fn call(world: &World, origin: &str) -> Answer {
    world.call_with("GET", "/products/shop/v1", &format!("Origin: {origin}\r\n{}", world.key.basic()), "")
}

fn says_nothing(answer: &Answer) {
    assert_eq!(answer.all("access-control-allow-origin"), [""; 0], "{answer:?}");
}

#[test]
fn a_preflight_is_answered_without_credentials_metering_or_the_service() {
    let service = Service::plain();
    let world = world(&service);
    for origin in [SHOP, OTHER] {
        let answer = ask(&world, origin, "PUT", "/products/shop/v1");
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-methods"), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization, content-type, x-a");
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert_eq!(answer.header("vary"), "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
        assert_eq!(answer.all("access-control-allow-credentials"), [""; 0]);
        assert!(answer.header("x-request-id").starts_with("req_"));
    }
    let stranger = ask(&world, "https://evil.example", "GET", "/products/shop/v1");
    assert_eq!(stranger.status, 204);
    says_nothing(&stranger);
    assert!(stranger.header("vary").starts_with("Origin"));
    assert!(service.seen().is_empty());
    assert_eq!(world.usage(), []);
}

#[test]
fn a_preflight_names_the_methods_that_the_routes_of_its_path_expose() {
    let service = Service::plain();
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.routes = routes(
                r#"[{"methods":["GET","POST"],"path":"/v1/orders"},{"methods":["DELETE"],"path":"/v1/{any}"},{"methods":["*"],"path":"/all"}]"#,
            );
        },
    );
    union(&world, &["*"]);
    let methods = |path: &str, asked: &str| ask(&world, SHOP, asked, path).header("access-control-allow-methods").to_owned();
    assert_eq!(methods("/products/shop/v1/orders", "PUT"), "DELETE, GET, HEAD, POST");
    assert_eq!(methods("/products/shop/v1/other", "GET"), "DELETE");
    assert_eq!(methods("/products/shop/nowhere", "GET"), "");
    assert_eq!(methods("/products/shop/all", "REPORT"), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, REPORT");
    assert_eq!(methods("/products/shop/all", "no method"), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

#[test]
fn what_a_preflight_asks_for_is_bounded() {
    let service = Service::plain();
    let world = world(&service);
    let many = (0..500).map(|number| format!("x-{number}")).collect::<Vec<_>>().join(",");
    let lines = format!("Origin: {SHOP}\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: {many}\r\n");
    let answer = world.call_with("OPTIONS", "/products/shop/v1", &lines, "");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization");
}

#[test]
fn options_that_are_no_preflight_or_of_a_product_without_origins_go_to_the_service() {
    let service = Service::plain();
    let world = world(&service);
    let lines = format!("Origin: {SHOP}\r\n{}", world.key.basic());
    assert_eq!(world.call_with("OPTIONS", "/products/shop/v1", &lines, "").text(), "OPTIONS /v1 HTTP/1.1");
    assert_eq!(world.call("OPTIONS", "/products/shop/v1").text(), "OPTIONS /v1 HTTP/1.1");
    ask(&world, SHOP, "GET", "/products/blog/v1").is_problem(401, "credentials_missing", "client");
    union(&world, &[]);
    let refused = ask(&world, SHOP, "GET", "/products/shop/v1");
    refused.is_problem(401, "credentials_missing", "client");
    says_nothing(&refused);
}

#[test]
fn a_call_of_an_allowed_page_may_be_read_by_it_whatever_the_service_says() {
    let service = Service::fixed(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVary: Accept\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
         Access-Control-Expose-Headers: X-Secret\r\n\r\nok",
    );
    let world = world(&service);
    let answer = call(&world, SHOP);
    assert_eq!((answer.status, answer.all("access-control-allow-origin")), (200, vec![SHOP]));
    assert_eq!(answer.all("access-control-allow-credentials"), [""; 0]);
    assert_eq!(answer.all("vary"), ["Accept", "Origin"]);
    let exposed = answer.all("access-control-expose-headers");
    assert_eq!(exposed.len(), 1);
    for name in ["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"] {
        assert!(exposed[0].split(", ").any(|one| one == name), "{exposed:?}");
    }
    let programs = world.get("/products/shop/v1");
    assert_eq!((programs.status, programs.all("vary")), (200, vec!["Accept", "Origin"]));
    says_nothing(&programs);
}

#[test]
fn a_call_is_held_to_the_origins_of_its_own_application() {
    let service = Service::plain();
    let world = world(&service);
    for origin in [OTHER, "null", "https://shop.example.evil", "HTTPS://shop.example"] {
        let answer = call(&world, origin);
        answer.is_problem(403, "origin_not_allowed", "client");
        says_nothing(&answer);
        assert_eq!(answer.header("vary"), "Origin");
    }
    let twice = format!("Origin: {SHOP}\r\nOrigin: {OTHER}\r\n{}", world.key.basic());
    world.call_with("GET", "/products/shop/v1", &twice, "").is_problem(400, "request_malformed", "client");
    assert!(service.seen().is_empty());
    assert_eq!(world.usage(), []);
    world.issue(&world.key, |grant| grant.allowed_origins = vec!["*".to_owned()]);
    world.gateway.invalidate(&Change::Application(ApplicationId(Uuid::from_u128(1))));
    assert_eq!(call(&world, OTHER).header("access-control-allow-origin"), OTHER);
}

#[test]
fn an_application_without_origins_leaves_browsers_to_its_service() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: https://theirs.example\r\n\r\n");
    let world = world(&service);
    world.issue(&world.key, |_| {});
    let answer = call(&world, SHOP);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://theirs.example"));
    assert_eq!(answer.all("vary"), [""; 0]);
}

#[test]
fn a_page_that_may_call_can_read_why_it_is_refused() {
    let service = Service::plain();
    let world = world(&service);
    let with = |key: &str| world.call_with("GET", "/products/shop/v1", &format!("Origin: {SHOP}\r\n{key}"), "");
    for (answer, status, code) in [(with(""), 401, "credentials_missing"), (with(&Key::number(7).basic()), 401, "credentials_invalid")] {
        answer.is_problem(status, code, "client");
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (SHOP, "Origin"));
    }
    let limited = |change: fn(&mut Grant)| {
        world.issue(&world.key, |grant| {
            grant.allowed_origins = vec![SHOP.to_owned()];
            change(grant);
        });
        world.gateway.invalidate(&Change::Everything);
        call(&world, SHOP)
    };
    let exhausted = limited(|grant| grant.quota.included = 0);
    exhausted.is_problem(429, "quota_exhausted", "client");
    let suspended = limited(|grant| grant.tenant_suspended = true);
    suspended.is_problem(403, "tenant_suspended", "client");
    for answer in [exhausted, suspended] {
        assert_eq!(answer.header("access-control-allow-origin"), SHOP);
        assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
    }
    let stranger = world.call_with("GET", "/products/shop/v1", "Origin: https://evil.example\r\n", "");
    stranger.is_problem(401, "credentials_missing", "client");
    says_nothing(&stranger);
}

#[test]
fn origins_change_without_the_rest_of_the_catalogue_and_stay_with_it() {
    let service = Service::plain();
    let world = world(&service);
    union(&world, &["http://localhost:5173"]);
    says_nothing(&ask(&world, SHOP, "GET", "/products/shop/v1"));
    let dev = ask(&world, "http://localhost:5173", "GET", "/products/shop/v1");
    assert_eq!(dev.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(world.get("/products/shop/v1").status, 200);
}

#[test]
fn pages_on_a_shared_host_get_no_cookies_and_stay_in_the_sandbox() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\n\r\n");
    let world = World::with(&service, |settings| settings.shared_host = true, |_| {});
    world.issue(&world.key, |grant| grant.allowed_origins = vec![SHOP.to_owned()]);
    union(&world, &[SHOP]);
    let lines = format!("Origin: {SHOP}\r\nCookie: session=x\r\nSec-Fetch-Mode: cors\r\n{}", world.key.basic());
    let answer = world.call_with("GET", "/products/shop/v1", &lines, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, SHOP));
    assert_eq!((answer.all("set-cookie"), answer.header("content-security-policy")), (vec![], "sandbox"));
    assert_eq!(service.last().all("cookie"), [""; 0]);
}

/// HTTP/2 carries the same.
#[test]
fn a_preflight_in_http2_is_answered_too() {
    let service = Service::plain();
    let world = world(&service);
    let request = http::Request::builder()
        .method("OPTIONS")
        .uri("http://gw/products/shop/v1")
        .header("origin", SHOP)
        .header("access-control-request-method", "GET")
        .body(())
        .unwrap();
    let answer = world.http2().call(request);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, SHOP));
}
