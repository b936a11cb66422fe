//! What is one application's is nobody else's.

use serde_json::json;

use crate::fixture::{Answer, SLUG, Shop};

#[tokio::test]
async fn two_applications_never_see_each_others_orders() {
    let [one, other] = Shop::both().await;
    let order = one.order("FJ-204", 1).await.expect(201);
    let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
    one.get(&path).await.expect(200);
    other.get(&path).await.refused(404, "not_found");
    assert_eq!(other.get("/v1/orders").await.expect(200)["data"], json!([]));
    let own = other.order("FJ-204", 1).await.expect(201);
    assert_eq!(own["number"], order["number"], "numbers count within a shop");
}

#[tokio::test]
async fn the_identity_of_one_application_opens_no_other_database() {
    let [one, other] = Shop::both().await;
    let mixed = reqwest::Client::new()
        .get(format!("{}/v1/orders", one.service))
        .header("mintreu-identity", one.platform.identity(SLUG, &one.application, Some(&one.database)))
        .header("mintreu-database-url", &other.database);
    Answer::of(mixed.send().await.expect("an answer")).await.refused(401, "identity_invalid");
}

#[tokio::test]
async fn every_route_but_the_public_ones_wants_an_identity() {
    let [shop, _] = Shop::unprovisioned().await;
    let registration: serde_json::Value = serde_json::from_str(mintreu_shop::REGISTRATION).expect("JSON");
    for route in registration["routes"].as_array().expect("routes") {
        let path = route["path"].as_str().expect("a path");
        for method in route["methods"].as_array().expect("methods") {
            let method = method.as_str().expect("a method").parse().expect("a method");
            let url = format!("{}{}", shop.service, path.replace(['{', '}'], "x"));
            let response = reqwest::Client::new().request(method, url).send().await.expect("an answer");
            if path == "/openapi.json" {
                assert_eq!(response.status(), 200);
            } else {
                Answer::of(response).await.refused(401, "identity_missing");
            }
        }
    }
}
