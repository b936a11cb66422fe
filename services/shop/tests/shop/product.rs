//! Products over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::Shop;

#[tokio::test]
async fn a_product_is_added_shown_changed_and_removed() {
    for shop in Shop::both().await {
        let product = shop.product("NEW-1", 3).await;
        assert_eq!(product["price"], json!({ "amount": 1250, "currency": "EUR" }));
        assert_eq!((&product["active"], &product["description"]), (&json!(true), &json!("")));
        assert_eq!(shop.get("/v1/products/NEW-1").await.expect(200), product);
        let change = json!({ "name": "Renamed", "price": { "amount": 0, "currency": "EUR" }, "active": false });
        let changed = shop.send(Method::PATCH, "/v1/products/NEW-1", &change).await.expect(200);
        assert_eq!((&changed["name"], &changed["price"]["amount"]), (&json!("Renamed"), &json!(0)));
        assert_eq!((&changed["stock"], &changed["active"]), (&json!(3), &json!(false)));
        shop.delete("/v1/products/NEW-1").await.expect(204);
        shop.get("/v1/products/NEW-1").await.refused(404, "not_found");
        shop.delete("/v1/products/NEW-1").await.refused(404, "not_found");
        shop.send(Method::PATCH, "/v1/products/NEW-1", &change).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_sku_is_taken_once() {
    for shop in Shop::both().await {
        shop.product("NEW-1", 3).await;
        let again = json!({ "sku": "NEW-1", "name": "Other", "price": { "amount": 1, "currency": "EUR" } });
        shop.post("/v1/products", &again).await.refused(409, "sku_taken");
        shop.product("new-1", 3).await;
    }
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    for shop in Shop::both().await {
        let body = json!({
            "sku": "no spaces", "name": " ", "description": "a".repeat(5001),
            "price": { "amount": -1, "currency": "USD" }, "stock": -1,
        });
        shop.post("/v1/products", &body).await.wrong(&[
            "sku invalid",
            "name required",
            "description too_long",
            "price.amount out_of_range",
            "price.currency invalid",
            "stock out_of_range",
        ]);
        let unknown = json!({ "sku": "A", "name": "A", "price": { "amount": 1, "currency": "EUR", "cents": 1 } });
        shop.post("/v1/products", &unknown).await.wrong(&["price.cents unknown"]);
        let float = json!({ "sku": "A", "name": "A", "price": { "amount": 1.5, "currency": "EUR" } });
        shop.post("/v1/products", &float).await.wrong(&["price.amount invalid"]);
    }
}

#[tokio::test]
async fn pages_show_every_product_once_and_end() {
    for shop in Shop::both().await {
        let mut seen = Vec::new();
        let mut path = "/v1/products?limit=3".to_owned();
        loop {
            let page = shop.get(&path).await.expect(200);
            let skus = page["data"].as_array().expect("a list").iter().map(|product| product["sku"].clone());
            seen.extend(skus);
            let Value::String(cursor) = &page["next_cursor"] else { break };
            path = format!("/v1/products?limit=3&cursor={cursor}");
        }
        let all = ["BG-300", "FJ-118", "FJ-204", "KT-031", "KT-077", "LT-009", "ST-412", "ST-450"];
        assert_eq!(seen, all);
    }
}

#[tokio::test]
async fn a_full_last_page_says_that_it_is_the_last() {
    for shop in Shop::both().await {
        assert_eq!(shop.get("/v1/products?limit=8").await.expect(200)["next_cursor"], Value::Null);
        assert!(shop.get("/v1/products?limit=7").await.expect(200)["next_cursor"].is_string());
    }
}

#[tokio::test]
async fn search_finds_words_in_any_case_and_takes_wildcards_literally() {
    for shop in Shop::both().await {
        let found = async |query: &str| {
            let page = shop.get(&format!("/v1/products?{query}")).await.expect(200);
            let products = page["data"].as_array().expect("a list").clone();
            products.iter().map(|product| product["sku"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("search=BLANKET").await, ["FJ-204"]);
        assert_eq!(found("search=j%C3%84mtland").await, ["FJ-204"]);
        assert_eq!(found("search=fj-").await, ["FJ-118", "FJ-204"]);
        assert_eq!(found("search=%25").await, Vec::<String>::new());
        assert_eq!(found("search=_").await, Vec::<String>::new());
        assert_eq!(found("search=!").await, Vec::<String>::new());
        assert_eq!(found("search=").await.len(), 8);
        assert_eq!(found("active=false").await, Vec::<String>::new());
        shop.send(Method::PATCH, "/v1/products/FJ-204", &json!({ "name": "Throw", "active": false })).await.expect(200);
        assert_eq!(found("search=throw").await, ["FJ-204"]);
        assert_eq!(found("search=blanket").await, Vec::<String>::new());
        assert_eq!(found("active=false").await, ["FJ-204"]);
    }
}

#[tokio::test]
async fn odd_list_parameters_are_refused() {
    for shop in Shop::both().await {
        shop.get("/v1/products?limit=0").await.wrong(&["limit out_of_range"]);
        shop.get("/v1/products?limit=101").await.wrong(&["limit out_of_range"]);
        shop.get("/v1/products?limit=x").await.wrong(&["limit invalid"]);
        shop.get("/v1/products?cursor=!").await.wrong(&["cursor invalid"]);
        shop.get("/v1/products?sort=name").await.wrong(&["sort unknown"]);
        shop.get("/v1/products?search=%00").await.wrong(&["search invalid"]);
    }
}
