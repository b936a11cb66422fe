//! Applications never meet: neither by calls nor in the database.

use mintreu_faults::company::{Company, request_application, settled, subscribe};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::on_both;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_application_is_handed_a_database_of_its_own_and_the_gateway_tells_who_calls() {
    on_both(async |platform| {
        let company = Company::open(&platform, 1000, "dedicated", false).await;
        let (first_path, first) = company.application(&platform, "First").await;
        let sam = platform.person("sam@people.test").await;
        let (tenant, _) = subscribe(&sam, "Kestrel Cycles").await;
        let (second_path, second) = request_application(&platform, &sam, &tenant, "Second").await;
        settled(&sam, &second_path, "active").await;

        let told = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let one: Value = first.call("/v1/echo/a").await.json().await.unwrap();
        let two: Value = second.call("/v1/echo/a").await.json().await.unwrap();
        assert!(first_path.ends_with(&told(&one, "application")) && second_path.ends_with(&told(&two, "application")));
        assert_eq!(format!("/tenants/{}", told(&one, "tenant")), company.tenant);
        assert_eq!(one["authorization"], Value::Null);
        let (mine, theirs) = (told(&one, "database"), told(&two, "database"));
        assert_ne!(mine, theirs);
        if let Some(master) = &platform.place.postgres {
            roles_stay_at_home(&mine, &theirs, master).await;
        } else {
            assert!(std::path::Path::new(mine.trim_start_matches("sqlite:").trim_start_matches("//")).exists());
        }
        assert_eq!(sam.get(&first_path).await.status, 404);
        let swapped = second_path.replace(&tenant, &company.tenant);
        assert_eq!(company.owner.send(Method::PATCH, &swapped, Some(json!({"name": "mine now"}))).await.status, 404);
        assert_eq!(first.code("/.mintreu/v1/applications/x").await.0, 400);
    })
    .await;
}

/// A role connects to its own database and to no other, the platform's and `postgres` included.
async fn roles_stay_at_home(mine: &str, theirs: &str, master: &str) {
    let with_database = |name: &str| {
        let (before, _) = mine.rsplit_once('/').unwrap();
        format!("{before}/{name}")
    };
    let name_of = |url: &str| url.rsplit_once('/').unwrap().1.split('?').next().unwrap().to_owned();
    sqlx::PgConnection::connect(mine).await.unwrap().close().await.unwrap();
    for other in [name_of(theirs), name_of(master), "postgres".to_owned(), "template1".to_owned()] {
        let refused = sqlx::PgConnection::connect(&with_database(&other)).await;
        assert!(refused.is_err(), "the role of one application may connect to {other}");
    }
}
