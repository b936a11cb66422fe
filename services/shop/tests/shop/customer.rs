//! Customers over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::Shop;

async fn ada(shop: &Shop) -> Value {
    shop.post("/v1/customers", &json!({ "email": "Ada@Example.com", "name": "Ada" })).await.expect(201)
}

#[tokio::test]
async fn a_customer_is_added_found_changed_and_removed() {
    for shop in Shop::both().await {
        let customer = ada(&shop).await;
        let path = format!("/v1/customers/{}", customer["id"].as_str().expect("an id"));
        assert_eq!(shop.get(&path).await.expect(200), customer);
        assert_eq!(shop.get("/v1/customers?email=ADA@example.COM").await.expect(200)["data"][0], customer);
        let changed = shop.send(Method::PATCH, &path, &json!({ "name": "Ada L." })).await.expect(200);
        assert_eq!((&changed["name"], &changed["email"]), (&json!("Ada L."), &json!("Ada@Example.com")));
        shop.delete(&path).await.expect(204);
        shop.get(&path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn an_address_belongs_to_one_customer_in_any_case() {
    for shop in Shop::both().await {
        ada(&shop).await;
        let again = json!({ "email": "ada@example.com", "name": "Another" });
        shop.post("/v1/customers", &again).await.refused(409, "email_taken");
        let bob = shop.post("/v1/customers", &json!({ "email": "bob@example.com", "name": "Bob" })).await.expect(201);
        let path = format!("/v1/customers/{}", bob["id"].as_str().expect("an id"));
        let steal = json!({ "email": "ADA@EXAMPLE.COM" });
        shop.send(Method::PATCH, &path, &steal).await.refused(409, "email_taken");
    }
}

#[tokio::test]
async fn an_order_remembers_a_customer_who_was_removed() {
    for shop in Shop::both().await {
        let customer = ada(&shop).await;
        let id = customer["id"].as_str().expect("an id");
        let body = json!({ "customer_id": id, "items": [{ "sku": "FJ-204", "quantity": 1 }] });
        let order = shop.post("/v1/orders", &body).await.expect(201);
        assert_eq!(order["customer"]["id"], id);
        let listed = shop.get(&format!("/v1/orders?customer_id={id}")).await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
        shop.delete(&format!("/v1/customers/{id}")).await.expect(204);
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        let kept = shop.get(&path).await.expect(200);
        assert_eq!(kept["customer"], json!({ "id": null, "email": "Ada@Example.com", "name": "Ada" }));
    }
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    for shop in Shop::both().await {
        for email in ["", "ada", "@example.com", "ada@", "a b@example.com", "ada@a@b", "ada@example.com\u{0}"] {
            let answer = shop.post("/v1/customers", &json!({ "email": email, "name": "Ada" })).await;
            assert_eq!(answer.status, 422, "{email:?}");
        }
    }
}
