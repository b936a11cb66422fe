//! Whom a service believes.

use crate::fixture::{Fixture, SLUG, refusal};
use mintreu_kit::testing::TestKey;
use reqwest::Method;
use serde_json::{Value, json};

async fn answer(fixture: &Fixture, token: &str) -> (u16, String) {
    let request = fixture.bare(Method::GET, "/v1/whoami").header("mintreu-identity", token);
    refusal(request.send().await.expect("the service answers")).await
}

fn invalid() -> (u16, String) {
    (401, "identity_invalid".to_owned())
}

#[tokio::test]
async fn a_good_identity_reaches_the_handler() {
    let fixture = Fixture::start().await;
    let response = fixture.call(Method::GET, "/v1/whoami", "app_1", None).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body, json!({ "application": "app_1", "plan": "pro", "scopes": ["*"] }));
}

#[tokio::test]
async fn no_identity_is_refused() {
    let fixture = Fixture::start().await;
    let response = fixture.bare(Method::GET, "/v1/whoami").send().await.expect("an answer");
    assert_eq!(refusal(response).await, (401, "identity_missing".to_owned()));
}

#[tokio::test]
async fn every_wrong_claim_is_refused() {
    let fixture = Fixture::start().await;
    let now = mintreu_kit::now().timestamp();
    let wrong = [
        json!({ "aud": "another-service" }),
        json!({ "aud": [SLUG] }),
        json!({ "iss": "http://elsewhere" }),
        json!({ "exp": now - 60, "iat": now - 120 }),
        json!({ "exp": now + 3600 }),
        json!({ "iat": now + 600, "exp": now + 60 }),
        json!({ "exp": "9999999999" }),
        json!({ "exp": null }),
        json!({ "sub": null }),
        json!({ "digest": "00" }),
        json!({ "db": "00" }),
    ];
    for change in wrong {
        let mut claims = fixture.platform.claims(SLUG, "app_1", None);
        for (name, value) in change.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        assert_eq!(answer(&fixture, &fixture.platform.key().sign(&claims)).await, invalid(), "{change}");
    }
}

#[tokio::test]
async fn forged_and_mangled_tokens_are_refused() {
    let fixture = Fixture::start().await;
    let claims = fixture.platform.claims(SLUG, "app_1", None);
    let good = fixture.platform.key().sign(&claims);
    let parts: Vec<&str> = good.split('.').collect();
    let other_claims = fixture.platform.key().sign(&fixture.platform.claims(SLUG, "app_2", None));
    let swapped = format!("{}.{}.{}", parts[0], other_claims.split('.').nth(1).expect("a payload"), parts[2]);
    // {"alg":"none","kid":"first"} and {"alg":"HS256","kid":"first"}
    let unsigned = format!("eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ.{}.", parts[1]);
    let symmetric = format!("eyJhbGciOiJIUzI1NiIsImtpZCI6ImZpcnN0In0.{}.{}", parts[1], parts[2]);
    let forged = [
        TestKey::new("first", 66).sign(&claims),
        TestKey::new("made up", 66).sign(&claims),
        swapped,
        unsigned,
        symmetric,
        format!("{good}."),
        format!("{good}A"),
        format!("{}.{}", parts[0], parts[1]),
        "...".to_owned(),
        "junk".to_owned(),
        "a".repeat(9000),
    ];
    for token in forged {
        assert_eq!(answer(&fixture, &token).await, invalid(), "{token}");
    }
}

#[tokio::test]
async fn two_identities_are_refused_even_when_both_are_good() {
    let fixture = Fixture::start().await;
    let request = fixture.call(Method::GET, "/v1/whoami", "app_1", None);
    let second = fixture.platform.identity(SLUG, "app_2", None);
    let response = request.header("mintreu-identity", second).send().await.expect("an answer");
    assert_eq!(refusal(response).await, invalid());
}

#[tokio::test]
async fn a_database_url_other_than_the_signed_one_is_refused() {
    let fixture = Fixture::start().await;
    let identity = fixture.platform.identity(SLUG, "app_1", Some("sqlite:/mine"));
    let unbound = fixture.platform.identity(SLUG, "app_1", None);
    for (token, url) in [(&identity, Some("sqlite:/theirs")), (&identity, None), (&unbound, Some("sqlite:/theirs"))] {
        let mut request = fixture.bare(Method::GET, "/v1/notes").header("mintreu-identity", token);
        if let Some(url) = url {
            request = request.header("mintreu-database-url", url);
        }
        assert_eq!(refusal(request.send().await.expect("an answer")).await, invalid(), "{url:?}");
    }
}

#[tokio::test]
async fn a_rotated_key_is_fetched_and_the_old_one_forgotten() {
    let fixture = Fixture::start().await;
    let old = fixture.platform.identity(SLUG, "app_1", None);
    let before = fixture.bare(Method::GET, "/v1/whoami").header("mintreu-identity", &old);
    assert_eq!(before.send().await.expect("an answer").status(), 200);
    fixture.platform.rotate(TestKey::new("second", 2));
    let after = fixture.call(Method::GET, "/v1/whoami", "app_1", None).send().await.expect("an answer");
    assert_eq!(after.status(), 200);
    assert_eq!(answer(&fixture, &old).await, invalid());
}

#[tokio::test]
async fn made_up_key_ids_do_not_make_the_service_fetch_again_and_again() {
    let fixture = Fixture::with(|config| config.jwks_min_interval = std::time::Duration::from_hours(1)).await;
    let first = fixture.call(Method::GET, "/v1/whoami", "app_1", None).send().await.expect("an answer");
    assert_eq!(first.status(), 200);
    // The new key is not known yet and the interval has not passed: no second fetch.
    fixture.platform.rotate(TestKey::new("second", 2));
    let token = fixture.platform.identity(SLUG, "app_1", None);
    assert_eq!(answer(&fixture, &token).await, invalid());
}

#[tokio::test]
async fn without_the_platforms_keys_the_service_says_try_again() {
    let fixture = Fixture::with(|config| "http://127.0.0.1:9/jwks.json".clone_into(&mut config.jwks_url)).await;
    let response = fixture.call(Method::GET, "/v1/whoami", "app_1", None).send().await.expect("an answer");
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(refusal(response).await, (503, "identity_unverifiable".to_owned()));
}
