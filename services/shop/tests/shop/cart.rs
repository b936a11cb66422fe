//! Carts over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::Shop;

async fn cart(shop: &Shop) -> String {
    let cart = shop.post("/v1/carts", &Value::Null).await.expect(201);
    assert_eq!((&cart["items"], &cart["total"]["amount"]), (&json!([]), &json!(0)));
    format!("/v1/carts/{}", cart["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn items_are_added_set_and_removed() {
    for shop in Shop::both().await {
        let cart = cart(&shop).await;
        let items = format!("{cart}/items");
        shop.post(&items, &json!({ "sku": "FJ-204", "quantity": 1 })).await.expect(200);
        let two = shop.post(&items, &json!({ "sku": "FJ-204", "quantity": 1 })).await.expect(200);
        assert_eq!((&two["items"][0]["quantity"], &two["total"]["amount"]), (&json!(2), &json!(25_800)));
        let set = shop.send(Method::PUT, &format!("{items}/KT-031"), &json!({ "quantity": 3 })).await.expect(200);
        assert_eq!(set["total"]["amount"], 25_800 + 3 * 1_650);
        let removed = shop.delete(&format!("{items}/FJ-204")).await.expect(200);
        assert_eq!(removed["items"].as_array().map(Vec::len), Some(1));
        shop.delete(&format!("{items}/FJ-204")).await.refused(404, "not_found");
        shop.delete(&cart).await.expect(204);
        shop.get(&cart).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_not_on_sale_does_not_go_in() {
    for shop in Shop::both().await {
        let items = format!("{}/items", cart(&shop).await);
        shop.post(&items, &json!({ "sku": "NONE", "quantity": 1 })).await.wrong(&["sku unknown"]);
        shop.post(&items, &json!({ "sku": "FJ-204", "quantity": 0 })).await.wrong(&["quantity out_of_range"]);
        shop.post(&items, &json!({ "sku": "FJ-204", "quantity": 10_000 })).await.expect(200);
        shop.post(&items, &json!({ "sku": "FJ-204", "quantity": 1 })).await.wrong(&["quantity out_of_range"]);
        shop.post("/v1/carts/crt_none/items", &json!({ "sku": "FJ-204", "quantity": 1 })).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn checkout_makes_one_order_however_often_it_is_asked_for() {
    for shop in Shop::both().await {
        let cart = cart(&shop).await;
        let checkout = format!("{cart}/checkout");
        let customer = json!({ "customer": { "email": "ada@example.com", "name": "Ada" } });
        shop.post(&checkout, &customer).await.refused(409, "cart_empty");
        shop.post(&format!("{cart}/items"), &json!({ "sku": "FJ-204", "quantity": 2 })).await.expect(200);
        let calls = (0..5).map(|_| shop.post(&checkout, &customer));
        let answers = futures_util::future::join_all(calls).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let mut ids: Vec<&str> = answers.iter().map(|answer| answer.body["id"].as_str().expect("an id")).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(shop.stock("FJ-204").await, 38);
        let add = json!({ "sku": "KT-031", "quantity": 1 });
        shop.post(&format!("{cart}/items"), &add).await.refused(409, "cart_checked_out");
        assert_eq!(shop.get(&cart).await.expect(200)["order_id"], ids[0]);
    }
}

#[tokio::test]
async fn a_checkout_that_fails_leaves_the_cart_and_the_stock_as_they_were() {
    for shop in Shop::both().await {
        let cart = cart(&shop).await;
        let items = format!("{cart}/items");
        shop.post(&items, &json!({ "sku": "FJ-118", "quantity": 5 })).await.expect(200);
        shop.post(&items, &json!({ "sku": "LT-009", "quantity": 19 })).await.expect(200);
        let refused = shop.post(&format!("{cart}/checkout"), &json!({})).await.refused(409, "out_of_stock");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("LT-009")));
        assert_eq!(shop.stock("FJ-118").await, 60);
        let kept = shop.get(&cart).await.expect(200);
        assert_eq!(kept["order_id"], Value::Null);
        assert_eq!((&kept["items"][0]["available"], &kept["items"][1]["available"]), (&json!(true), &json!(false)));
    }
}
