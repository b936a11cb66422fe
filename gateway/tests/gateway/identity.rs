//! What the service is told, and that no client can tell it otherwise (points 1 to 3).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use mintreu_gateway::Change;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Key, Service, World, service::After};

fn send(world: &World, lines: &str) -> u16 {
    let lines = format!("{}{lines}", world.key.basic());
    world.call_with("GET", "/products/shop/v1", &lines, "").status
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn the_service_gets_every_field_of_the_contract() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(send(&world, ""), 200);
    let seen = service.last();
    let id = |prefix: &str| format!("{prefix}_00000000000000000000000001");
    assert_eq!(seen.all("mintreu-tenant"), [id("ten")]);
    assert_eq!(seen.all("mintreu-application"), [id("app")]);
    assert_eq!(seen.all("mintreu-key"), [id("key")]);
    assert_eq!(seen.all("mintreu-product"), ["shop"]);
    assert_eq!(seen.all("mintreu-plan"), ["pro"]);
    assert_eq!(seen.all("mintreu-database-url"), ["sqlite:///data/app.db"]);
    assert_eq!(seen.all("host"), [service.address.to_string()]);
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.all("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.all("x-forwarded-host"), ["gw"]);
    assert_eq!(seen.all("forwarded"), ["for=127.0.0.1;host=\"gw\";proto=http"]);
    assert_eq!(seen.header("traceparent").len(), 55);
    assert!(seen.all("authorization").is_empty());
}

#[test]
fn the_identity_is_signed_by_a_key_of_the_key_set() {
    let service = Service::plain();
    let world = World::new(&service);
    send(&world, "");
    send(&world, "");
    let seen = service.seen();
    let token = seen[0].header("mintreu-identity");
    assert_eq!(token, seen[1].header("mintreu-identity"), "signed once, used again");
    let jwks = world.call_with("GET", "/.well-known/jwks.json", "", "").json();
    let key = &jwks["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into()));
    assert_eq!(part(token, 0)["kid"], key["kid"]);
    assert_eq!(part(token, 0)["alg"], "EdDSA");
    let bytes = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let public = VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    public.verify(signed.as_bytes(), &signature).unwrap();
    let claims = part(token, 1);
    for (name, value) in [
        ("iss", "http://127.0.0.1:3000"),
        ("aud", "shop-service"),
        ("sub", "app_00000000000000000000000001"),
        ("tenant", "ten_00000000000000000000000001"),
        ("product", "shop"),
        ("plan", "pro"),
        ("db", &hex::encode(Sha256::digest("sqlite:///data/app.db"))),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    assert_eq!(claims["scopes"], serde_json::json!(["*"]));
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!(life <= 120);
}

#[test]
fn keys_of_one_application_share_an_identity_that_never_says_more_than_the_key_may() {
    let service = Service::plain();
    let world = World::new(&service);
    let [first, second, narrow] = [21, 22, 23].map(Key::number);
    world.issue(&first, |_| {});
    world.issue(&second, |_| {});
    world.issue(&narrow, |grant| grant.scopes = vec!["GET /v1".parse().unwrap()]);
    let identity = |key: &Key| {
        assert_eq!(world.call_with("GET", "/products/shop/v1", &key.basic(), "").status, 200);
        service.last().header("mintreu-identity").to_owned()
    };
    let shared = identity(&first);
    for _ in 0..2 {
        let own = identity(&narrow);
        assert_eq!(part(&own, 1)["scopes"], serde_json::json!(["GET /v1"]));
        assert_eq!(own, identity(&narrow));
        assert_eq!(identity(&second), shared);
    }
    world.issue(&second, |grant| grant.plan_code = "team".to_owned());
    world.gateway.invalidate(&Change::Everything);
    assert_eq!(part(&identity(&second), 1)["plan"], "team");
    assert_eq!(part(&identity(&first), 1)["plan"], "pro");
}

#[test]
fn an_identity_tells_any_number_of_scopes() {
    let service = Service::plain();
    let world = World::new(&service);
    for number in [1, 4, 8, 12, 16, 100] {
        let scopes: Vec<String> = (0..number).map(|one| format!("GET /v1/{one}")).chain(["GET /v1".to_owned()]).collect();
        world.issue(&world.key, |grant| grant.scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect());
        world.gateway.invalidate(&Change::Everything);
        assert_eq!([send(&world, ""), send(&world, "")], [200, 200]);
        let seen = service.seen();
        let [.., first, again] = seen.as_slice() else { panic!("nothing came") };
        let token = first.header("mintreu-identity");
        assert_eq!(token, again.header("mintreu-identity"));
        assert_eq!(part(token, 1)["scopes"], serde_json::json!(scopes));
    }
}

#[test]
fn what_the_client_says_about_identity_is_dropped_in_every_spelling() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(
        send(
            &world,
            "Mintreu-Tenant: evil\r\nMINTREU-TENANT: evil\r\nMintreu_Tenant: evil\r\n\
             mintreu-database-url: evil\r\nMintreu_Database_Url: evil\r\nMintreu-Identity: evil\r\n\
             Mintreu-New: evil\r\nX-Request-Id: evil\r\nX_Request_Id: evil\r\n\
             X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: evil\r\nX-Forwarded-Host: evil\r\n\
             Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"
        ),
        200
    );
    let seen = service.last();
    let everything = format!("{seen:?}");
    assert!(!everything.contains("evil") && !everything.contains("6.6.6.6"), "{everything}");
    assert_eq!(seen.all("mintreu-tenant").len(), 1);
}

/// RFC 9110 §7.6.1.
#[test]
fn the_clients_connection_header_cannot_remove_ours() {
    let service = Service::plain();
    let world = World::new(&service);
    send(
        &world,
        "Connection: Mintreu-Tenant, MINTREU-IDENTITY\r\nconnection: mintreu-database-url, x-mine\r\n\
         Connection: host, x-request-id, content-length\r\nX-Mine: y\r\nX-Other: z\r\nKeep-Alive: 5\r\n\
         Proxy-Authorization: x\r\n",
    );
    let seen = service.last();
    for name in ["mintreu-tenant", "mintreu-identity", "mintreu-database-url", "host", "x-request-id"] {
        assert_eq!(seen.all(name).len(), 1, "{name}");
    }
    for name in ["x-mine", "keep-alive", "connection", "proxy-authorization"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    assert_eq!(seen.header("x-other"), "z");
}

/// RFC 9110 §6.5.1.
#[test]
fn reserved_names_do_not_come_in_through_trailers() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    client.send(format!(
        "POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Transfer-Encoding: chunked\r\n\
         Trailer: Mintreu-Tenant, Mintreu_Plan, X-Sum, Authorization\r\n\r\n\
         3\r\nabc\r\n0\r\nMintreu-Tenant: evil\r\nMintreu_Plan: evil\r\nAuthorization: evil\r\nX-Sum: 7\r\n\r\n",
        world.key.basic()
    ));
    assert_eq!(client.receive().status, 200);
    let seen = service.last();
    assert_eq!(seen.body, b"abc");
    assert_eq!(seen.trailers, [("x-sum".to_owned(), "7".to_owned())]);
}

/// RFC 9110 §5.3, §11.6.2.
#[test]
fn two_authorization_lines_are_refused() {
    let service = Service::plain();
    let world = World::new(&service);
    let twice = world.key.basic();
    let lines = format!("{}{twice}", world.key.basic());
    world.call_with("GET", "/products/shop/v1", &lines, "").is_problem(400, "request_malformed", "client");
}

#[test]
fn a_trace_is_continued() {
    let service = Service::plain();
    let world = World::new(&service);
    send(&world, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: a=b\r\n");
    let seen = service.last();
    assert!(seen.header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(!seen.header("traceparent").contains("00f067aa0ba902b7"));
    assert_eq!(seen.header("tracestate"), "a=b");
}

#[test]
fn a_service_cannot_speak_for_the_platform() {
    let service = Service::fixed(
        "HTTP/1.1 200 OK\r\nMintreu-Error-Source: platform\r\nMintreu-Database-Url: leak\r\n\
         X-Request-Id: mine\r\nRateLimit: mine\r\nX-Kept: yes\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let world = World::new(&service);
    let answer = world.get("/products/shop/v1");
    assert!(answer.all("mintreu-error-source").is_empty());
    assert!(answer.all("mintreu-database-url").is_empty());
    assert!(answer.all("x-hop").is_empty());
    assert!(answer.header("x-request-id").starts_with("req_"));
    assert!(answer.all("ratelimit")[0].starts_with("\"quota\""));
    assert_eq!(answer.header("x-kept"), "yes");
}

#[test]
fn on_a_shared_host_a_service_cannot_act_as_the_dashboard() {
    let service = Service::fixed(
        "HTTP/1.1 200 OK\r\nSet-Cookie: session=stolen\r\nContent-Security-Policy: default-src *\r\n\
         Clear-Site-Data: \"*\"\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
    );
    let world = World::with(&service, |settings| settings.shared_host = true, |_| {});
    let lines = format!("{}Cookie: session=secret\r\n", world.key.basic());
    let answer = world.call_with("GET", "/products/shop/v1", &lines, "");
    assert_eq!(answer.all("content-security-policy"), ["sandbox"]);
    assert_eq!(answer.all("x-content-type-options"), ["nosniff"]);
    assert!(answer.all("set-cookie").is_empty() && answer.all("clear-site-data").is_empty());
    assert!(service.last().all("cookie").is_empty());
    let lines = format!("{}Sec-Fetch-Mode: navigate\r\n", world.key.basic());
    let answer = world.call_with("GET", "/products/shop/v1", &lines, "");
    answer.is_problem(400, "request_malformed", "client");
    assert_eq!(answer.all("content-security-policy"), ["sandbox"]);
}

#[test]
fn on_a_host_of_its_own_cookies_are_the_services_business() {
    let service = Service::fixed("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n");
    let world = World::new(&service);
    let lines = format!("{}Cookie: a=b\r\nSec-Fetch-Mode: navigate\r\n", world.key.basic());
    let answer = world.call_with("GET", "/products/shop/v1", &lines, "");
    assert_eq!(answer.all("set-cookie"), ["a=b", "c=d"]);
    assert_eq!(service.last().header("cookie"), "a=b");
}

#[test]
fn a_service_without_dedicated_databases_gets_no_url() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 204 No Content\r\n\r\n");
        After::Keep
    });
    let world = World::with(&service, |_| {}, |policy| policy.wants_database = false);
    assert_eq!(send(&world, ""), 204);
    assert!(service.last().all("mintreu-database-url").is_empty());
    assert!(part(service.last().header("mintreu-identity"), 1).get("db").is_none());
}
