//! What every route of a service does with odd requests.

use crate::fixture::{Fixture, refusal};
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn health_needs_no_identity() {
    let fixture = Fixture::start().await;
    let response = fixture.bare(Method::GET, "/healthz").send().await.expect("an answer");
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let fixture = Fixture::start().await;
    let unknown = fixture.bare(Method::GET, "/nothing").send().await.expect("an answer");
    assert_eq!(refusal(unknown).await, (404, "not_found".to_owned()));
    let response = fixture.call(Method::DELETE, "/v1/notes", "app_1", None).send().await.expect("an answer");
    assert_eq!(response.headers()["allow"], "POST,GET,HEAD");
    assert_eq!(refusal(response).await, (405, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn the_request_id_is_passed_through_or_made() {
    let fixture = Fixture::start().await;
    let given = fixture.bare(Method::GET, "/healthz").header("x-request-id", "req_7").send().await.expect("an answer");
    assert_eq!(given.headers()["x-request-id"], "req_7");
    let hostile = fixture.bare(Method::GET, "/healthz").header("x-request-id", "a b").send().await.expect("an answer");
    assert!(hostile.headers()["x-request-id"].to_str().expect("text").starts_with("req_"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing_and_the_next_call_is_served() {
    let fixture = Fixture::start().await;
    let response = fixture.call(Method::GET, "/v1/crash", "app_1", None).send().await.expect("an answer");
    let text = response.text().await.expect("a body");
    assert!(text.contains("\"internal\"") && !text.contains("a bug"), "{text}");
    let next = fixture.call(Method::GET, "/v1/whoami", "app_1", None).send().await.expect("an answer");
    assert_eq!(next.status(), 200);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be_are_refused_by_kind() {
    let fixture = Fixture::start().await;
    let directory = std::env::temp_dir();
    let url = format!("sqlite:{}/{}.db", directory.display(), mintreu_kit::new_id("kit"));
    let post = |kind: &'static str, body: String| {
        let request = fixture.call(Method::POST, "/v1/notes", "app_1", Some(&url));
        request.header("content-type", kind).body(body).send()
    };
    let json = "application/json";
    let cases = [
        (json, "{".to_owned(), 400, "json_malformed"),
        (json, "{\"text\":\"a\"}x".to_owned(), 400, "json_malformed"),
        (json, "\u{feff}{}".to_owned(), 400, "json_malformed"),
        (json, "{\"text\":1}".to_owned(), 422, "validation_failed"),
        ("text/plain", "{\"text\":\"a\"}".to_owned(), 415, "unsupported_media_type"),
        (json, format!("{{\"text\":\"{}\"}}", "a".repeat(1024 * 1024)), 413, "body_too_large"),
    ];
    for (kind, body, status, code) in cases {
        let response = post(kind, body).await.expect("an answer");
        assert_eq!(refusal(response).await, (status, code.to_owned()));
    }
}

#[tokio::test]
async fn a_body_that_hides_its_length_is_bounded_all_the_same() {
    let fixture = Fixture::start().await;
    let chunks = (0..3).map(|_| Ok::<_, std::io::Error>(vec![b' '; 512 * 1024]));
    let response = fixture
        .call(Method::POST, "/v1/notes", "app_1", Some("sqlite:/nowhere/x.db"))
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)))
        .send()
        .await
        .expect("an answer");
    assert_eq!(refusal(response).await, (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn unknown_and_missing_fields_are_named() {
    let fixture = Fixture::start().await;
    for (body, field, code) in [
        ("{\"text\":\"a\",\"colour\":1}", "colour", "unknown"),
        ("{}", "text", "required"),
        ("{\"text\":7}", "text", "invalid"),
        ("[]", "body", "invalid"),
    ] {
        let request = fixture.call(Method::POST, "/v1/notes", "app_1", Some("sqlite:/nowhere/x.db"));
        let response = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
        assert_eq!(response.status(), 422);
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{body}: {problem}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_503_and_is_not_created() {
    let fixture = Fixture::start().await;
    let path = std::env::temp_dir().join(mintreu_kit::new_id("kit"));
    let url = format!("sqlite:{}", path.display());
    let response = fixture.call(Method::GET, "/v1/notes", "app_1", Some(&url)).send().await.expect("an answer");
    assert_eq!(refusal(response).await, (503, "database_unavailable".to_owned()));
    assert!(!path.exists());
}
