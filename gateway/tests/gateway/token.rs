//! The token endpoint, and calls with what it hands out.

use mintreu_gateway::Change;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Answer, Service, World};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn ask(world: &World, lines: &str, form: &str) -> Answer {
    world.call_with("POST", "/oauth/token", &format!("{FORM}{lines}"), form)
}

fn token(world: &World, form: &str) -> String {
    let answer = ask(world, &world.key.basic(), form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn call(world: &World, method: &str, token: &str) -> Answer {
    let lines = format!("Authorization: Bearer {token}\r\n");
    world.call_with(method, "/products/shop/v1/orders", &lines, "")
}

#[test]
fn a_token_calls_as_its_key() {
    let service = Service::plain();
    let world = World::new(&service);
    let answer = ask(&world, &world.key.basic(), "grant_type=client_credentials");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(body["scope"], "*");
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(call(&world, "GET", token).status, 200);
    assert_eq!(call(&world, "GET", token).status, 200);
    assert_eq!(service.last().header("mintreu-application"), "app_00000000000000000000000001");
    assert!(service.last().all("authorization").is_empty());
}

#[test]
fn the_secret_may_stand_in_the_form() {
    let service = Service::plain();
    let world = World::new(&service);
    let key = &world.key;
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", key.client_id, key.secret);
    assert_eq!(ask(&world, "", &form).status, 200);
    let answer = ask(&world, &key.basic(), &form);
    assert_eq!((answer.status, &answer.json()["error"]), (400, &Value::from("invalid_request")));
}

#[test]
fn each_mistake_has_the_error_of_the_standard() {
    let service = Service::plain();
    let world = World::new(&service);
    let good = world.key.basic();
    let bad = crate::support::Key::number(9).basic();
    world.issue(&world.key, |grant| grant.scopes = vec!["GET /v1/{*rest}".parse().unwrap()]);
    for (lines, form, status, error) in [
        (&*good, "grant_type=password", 400, "unsupported_grant_type"),
        (&good, "", 400, "invalid_request"),
        (&good, "grant_type=client_credentials&grant_type=x", 400, "invalid_request"),
        (&bad, "grant_type=client_credentials", 401, "invalid_client"),
        ("", "grant_type=client_credentials", 401, "invalid_client"),
        (&good, "grant_type=client_credentials&scope=POST:/v1/orders", 400, "invalid_scope"),
        (&good, "grant_type=client_credentials&scope=*", 400, "invalid_scope"),
        (&good, "grant_type=client_credentials&scope=orders", 400, "invalid_scope"),
    ] {
        let answer = ask(&world, lines, form);
        assert_eq!((answer.status, &answer.json()["error"]), (status, &Value::from(error)), "{form}");
        assert_eq!(answer.all("www-authenticate").is_empty(), status != 401);
    }
    let answer = world.call_with("GET", "/oauth/token", "", "");
    answer.is_problem(405, "method_not_allowed", "client");
}

#[test]
fn a_token_is_narrower_than_its_key_when_it_was_asked_for_less() {
    let service = Service::plain();
    let world = World::new(&service);
    let narrow = token(&world, "grant_type=client_credentials&scope=GET:/v1/orders");
    assert_eq!(call(&world, "GET", &narrow).status, 200);
    call(&world, "POST", &narrow).is_problem(403, "scope_insufficient", "client");
    let identity = service.last().header("mintreu-identity").to_owned();
    let claims = identity.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    assert_eq!(claims["scopes"], serde_json::json!(["GET /v1/orders"]));
}

#[test]
fn revoking_the_key_revokes_its_tokens() {
    let service = Service::plain();
    let world = World::new(&service);
    let token = token(&world, "grant_type=client_credentials");
    assert_eq!(call(&world, "GET", &token).status, 200);
    world.plane.grants.lock().unwrap().clear();
    world.gateway.invalidate(&Change::Key(Uuid::from_u128(1).into()));
    call(&world, "GET", &token).is_problem(401, "credentials_invalid", "client");
    assert_eq!(ask(&world, &world.key.basic(), "grant_type=client_credentials").status, 401);
}

#[test]
fn a_forged_token_and_an_identity_are_no_access_tokens() {
    let service = Service::plain();
    let world = World::new(&service);
    let token = token(&world, "grant_type=client_credentials");
    assert_eq!(call(&world, "GET", &token).status, 200);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{flipped}{}", &signature[1..]);
    call(&world, "GET", &forged).is_problem(401, "credentials_invalid", "client");
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoibm93In0";
    let (_, claims) = head.split_once('.').unwrap();
    call(&world, "GET", &format!("{none}.{claims}.")).is_problem(401, "credentials_invalid", "client");
    let identity = service.last().header("mintreu-identity").to_owned();
    call(&world, "GET", &identity).is_problem(401, "credentials_invalid", "client");
}
