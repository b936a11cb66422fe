//! The `OpenAPI` document.

use std::collections::BTreeSet;

use serde_json::Value;

use mintreu_control_testing::on_both;

use crate::world::world;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_document_is_whole() {
    let document: Value = serde_json::from_str(&mintreu::rest::openapi().to_json().unwrap()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name} has no summary");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name} has the id of another");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{name} has no tag");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("default") && responses.keys().any(|status| status.starts_with('2')), "{name}");
            let declared: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|p| p["in"] == "path")
                .filter_map(|p| p["name"].as_str())
                .collect();
            let needed: BTreeSet<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(declared, needed, "{name}");
            for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
                assert!(parameter["description"].is_string(), "{name}: {parameter}");
            }
        }
    }
    let secret = serde_json::to_string(&document["components"]["schemas"]["KeyView"]).unwrap();
    assert!(!secret.contains("client_secret\""));
}

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let answer = world.api.get("/openapi.json", "").await;
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.expect(200)["servers"][0]["url"], "/api/v1");
    })
    .await;
}
