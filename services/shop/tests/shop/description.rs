//! What the service says about itself is true.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixture::Shop;

fn registered() -> BTreeSet<(String, String)> {
    let registration: Value = serde_json::from_str(mintreu_shop::REGISTRATION).expect("JSON");
    let mut routes = BTreeSet::new();
    for route in registration["routes"].as_array().expect("routes") {
        for method in route["methods"].as_array().expect("methods") {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            assert!(routes.insert((text(method), text(&route["path"]))), "named twice: {route}");
        }
    }
    routes
}

#[tokio::test]
async fn the_openapi_document_names_exactly_the_registered_routes() {
    let [shop, _] = Shop::unprovisioned().await;
    let document = shop.get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut described = BTreeSet::from([("GET".to_owned(), "/openapi.json".to_owned())]);
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            described.insert((method.to_uppercase(), path.clone()));
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
            let named = operation["parameters"].as_array().into_iter().flatten();
            let in_path = named.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{method} {path}");
        }
    }
    assert_eq!(described, registered());
}

#[tokio::test]
async fn every_reference_in_the_openapi_document_leads_somewhere() {
    let document = serde_json::to_value(mintreu_shop::document()).expect("JSON");
    let text = document.to_string();
    let references: Vec<&str> = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 20);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_defaults_of_the_configuration_schema_are_those_of_a_new_shop() {
    let schema: Value = serde_json::from_str(mintreu_shop::CONFIG_SCHEMA).expect("JSON");
    let defaults = |name: &str| schema["properties"][name]["default"].clone();
    for shop in Shop::unprovisioned().await {
        shop.provision(&json!({})).await.expect(201);
        let store = shop.get("/v1/store").await.expect(200);
        assert_eq!((&store["currency"], &store["accent"]), (&defaults("currency"), &defaults("accent")));
    }
}

#[tokio::test]
async fn every_currency_on_offer_can_be_chosen() {
    let schema: Value = serde_json::from_str(mintreu_shop::CONFIG_SCHEMA).expect("JSON");
    let [shop, _] = Shop::both().await;
    for currency in schema["properties"]["currency"]["enum"].as_array().expect("a list") {
        shop.provision(&json!({ "currency": currency })).await.expect(200);
    }
}
