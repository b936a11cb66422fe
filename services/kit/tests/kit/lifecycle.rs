//! The life of an application, on both engines.

use crate::fixture::{Fixture, SLUG, refusal};
use mintreu_testing::Postgres;
use reqwest::Method;
use serde_json::{Value, json};

async fn urls() -> [String; 2] {
    let file = std::env::temp_dir().join(mintreu_kit::new_id("kit"));
    [format!("sqlite:{}", file.display()), Postgres::shared().create_database("kit").await]
}

fn provision(url: &str) -> Value {
    json!({ "tenant": "ten_1", "product": "notes", "plan": "pro", "config": {}, "database": { "url": url } })
}

#[tokio::test]
async fn an_application_is_provisioned_used_and_deleted_and_every_call_may_be_repeated() {
    let fixture = Fixture::start().await;
    for url in urls().await {
        let database = Some(url.as_str());
        let body = provision(&url);
        let put = || fixture.lifecycle(Method::PUT, "app_1", database, &body);
        assert_eq!(put().await.status(), 201, "{url}");
        assert_eq!(put().await.status(), 200, "{url}");
        let note = fixture.call(Method::POST, "/v1/notes", "app_1", database).json(&json!({ "text": "hello" }));
        assert_eq!(note.send().await.expect("an answer").status(), 200);
        let notes = fixture.call(Method::GET, "/v1/notes", "app_1", database).send().await.expect("an answer");
        assert_eq!(notes.json::<Value>().await.expect("JSON"), json!(["hello"]));
        let patch = fixture.lifecycle(Method::PATCH, "app_1", database, &json!({ "plan": "free" })).await;
        assert_eq!(patch.status(), 200);
        let delete = || fixture.lifecycle(Method::DELETE, "app_1", database, &Value::Null);
        assert_eq!(delete().await.status(), 200, "{url}");
        assert_eq!(refusal(delete().await).await, (410, "application_gone".to_owned()), "{url}");
        if let Some(file) = url.strip_prefix("sqlite:") {
            std::fs::remove_file(file).expect("the file is there");
        }
    }
}

#[tokio::test]
async fn after_a_delete_no_connection_is_left_to_hold_the_database() {
    let fixture = Fixture::start().await;
    let server = Postgres::shared();
    let url = server.create_database("kitdrop").await;
    fixture.lifecycle(Method::PUT, "app_1", Some(&url), &provision(&url)).await;
    assert_eq!(fixture.lifecycle(Method::DELETE, "app_1", Some(&url), &Value::Null).await.status(), 200);
    let name = url.rsplit('/').next().expect("a name");
    let pool = sqlx::PgPool::connect(server.url()).await.expect("the server is there");
    sqlx::query(&format!("DROP DATABASE {name}")).execute(&pool).await.expect("nobody is connected");
}

#[tokio::test]
async fn the_services_answer_becomes_the_contracts_status() {
    let fixture = Fixture::start().await;
    for (behave, status) in [("refuse", 422), ("conflict", 409), ("slow", 202)] {
        let body = json!({ "plan": "pro", "config": { "behave": behave }, "database": null });
        let response = fixture.lifecycle(Method::PUT, "app_1", None, &body).await;
        assert_eq!(response.status(), status);
        if status == 202 {
            assert_eq!(response.json::<Value>().await.expect("JSON"), json!({ "operation": "op 1" }));
        }
    }
    let identity = fixture.platform.lifecycle_identity(SLUG, "app_1", None, b"");
    let response = fixture
        .bare(Method::GET, "/.mintreu/v1/applications/app_1/operation?operation=op%201")
        .header("mintreu-identity", identity)
        .send()
        .await
        .expect("an answer");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body, json!({ "state": "succeeded", "description": "op 1" }));
}

#[tokio::test]
async fn a_lifecycle_call_whose_body_application_or_database_is_not_the_signed_one_is_refused() {
    let fixture = Fixture::start().await;
    let send = async |path_application: &str, identity: String, body: String| {
        let path = format!("/.mintreu/v1/applications/{path_application}");
        let request = fixture.bare(Method::PUT, &path).header("mintreu-identity", identity).body(body);
        refusal(request.send().await.expect("an answer")).await
    };
    let sign = |url, body: &str| fixture.platform.lifecycle_identity(SLUG, "app_1", url, body.as_bytes());
    let body = provision("sqlite:/nowhere/x.db").to_string();
    let invalid = (401, "identity_invalid".to_owned());
    assert_eq!(send("app_1", sign(None, "{}"), body.clone()).await, invalid);
    assert_eq!(send("app_2", sign(None, &body), body.clone()).await, invalid);
    assert_eq!(send("app_1", sign(Some("sqlite:/other"), &body), body.clone()).await, invalid);
    assert_eq!(send("app_1", fixture.platform.identity(SLUG, "app_1", None), body.clone()).await, invalid);
}
