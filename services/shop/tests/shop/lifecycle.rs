//! A shop is opened, changed and closed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::Shop;

#[tokio::test]
async fn the_first_order_works_right_after_provisioning() {
    for shop in Shop::both().await {
        let body = json!({
            "currency": "EUR", "customer": { "email": "ada@example.com", "name": "Ada" },
            "items": [{ "sku": "FJ-204", "quantity": 2 }],
        });
        let order = shop.post("/v1/orders", &body).await.expect(201);
        assert_eq!(order["total"], json!({ "amount": 25_800, "currency": "EUR" }));
    }
}

#[tokio::test]
async fn provisioning_again_keeps_everything_and_answers_200() {
    for shop in Shop::both().await {
        shop.delete("/v1/products/FJ-204").await.expect(204);
        shop.order("FJ-118", 1).await.expect(201);
        shop.provision(&json!({ "store_name": "Corner shop", "sample_products": true })).await.expect(200);
        shop.get("/v1/products/FJ-204").await.refused(404, "not_found");
        assert_eq!(shop.get("/v1/orders").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn many_provisioning_calls_at_once_open_one_shop() {
    for shop in Shop::unprovisioned().await {
        let config = json!({ "store_name": "Corner shop" });
        let calls = (0..8).map(|_| shop.provision(&config));
        let mut statuses: Vec<u16> = Vec::new();
        for answer in futures_util::future::join_all(calls).await {
            statuses.push(answer.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
        assert_eq!(shop.get("/v1/products").await.expect(200)["data"].as_array().map(Vec::len), Some(8));
    }
}

#[tokio::test]
async fn samples_are_left_out_when_not_wanted_and_added_when_wanted_later() {
    for shop in Shop::unprovisioned().await {
        shop.provision(&json!({ "store_name": "Bare", "sample_products": false })).await.expect(201);
        assert_eq!(shop.get("/v1/products").await.expect(200)["data"], json!([]));
        shop.lifecycle(Method::PATCH, &json!({ "config": { "sample_products": true } })).await.expect(200);
        assert_eq!(shop.get("/v1/products").await.expect(200)["data"].as_array().map(Vec::len), Some(8));
    }
}

#[tokio::test]
async fn settings_are_shown_and_changed() {
    for shop in Shop::both().await {
        let store = shop.get("/v1/store").await.expect(200);
        assert_eq!(store["name"], "Corner shop");
        assert_eq!((&store["currency"], &store["accent"], &store["plan"]), (&json!("EUR"), &json!("#3b5bdb"), &json!("pro")));
        let change = json!({ "config": { "store_name": "New name", "accent": "#112233" }, "previous_values": {} });
        shop.lifecycle(Method::PATCH, &change).await.expect(200);
        shop.lifecycle(Method::PATCH, &json!({ "plan": "free", "previous_values": { "plan": "pro" } })).await.expect(200);
        let store = shop.get("/v1/store").await.expect(200);
        assert_eq!((&store["name"], &store["accent"]), (&json!("New name"), &json!("#112233")));
    }
}

#[tokio::test]
async fn the_currency_can_be_changed_until_the_first_order() {
    for shop in Shop::both().await {
        let change = |currency| json!({ "config": { "currency": currency } });
        shop.lifecycle(Method::PATCH, &change("SEK")).await.expect(200);
        assert_eq!(shop.get("/v1/products/FJ-204").await.expect(200)["price"]["currency"], "SEK");
        shop.order("FJ-204", 1).await.expect(201);
        shop.lifecycle(Method::PATCH, &change("EUR")).await.wrong(&["config.currency taken"]);
        shop.lifecycle(Method::PATCH, &change("SEK")).await.expect(200);
    }
}

#[tokio::test]
async fn a_configuration_the_schema_would_refuse_is_refused_and_nothing_is_opened() {
    for shop in Shop::unprovisioned().await {
        shop.provision(&json!({ "store_name": "", "currency": "XXX", "accent": "red" })).await.wrong(&[
            "config.store_name required",
            "config.currency invalid",
            "config.accent invalid",
        ]);
        shop.provision(&json!({ "store_name": "A", "colour": "red" })).await.wrong(&["config invalid"]);
        shop.lifecycle(Method::PUT, &json!({ "plan": "pro", "config": {}, "database": null })).await.wrong(&["database required"]);
    }
}

#[tokio::test]
async fn the_database_of_another_application_is_not_taken_over() {
    for mut shop in Shop::both().await {
        let owner = std::mem::replace(&mut shop.application, "app_intruder".to_owned());
        shop.provision(&json!({})).await.refused(409, "application_differs");
        shop.lifecycle(Method::PATCH, &json!({ "config": {} })).await.refused(409, "application_differs");
        shop.lifecycle(Method::DELETE, &Value::Null).await.refused(409, "application_differs");
        shop.application = owner;
        shop.get("/v1/store").await.expect(200);
    }
}

#[tokio::test]
async fn a_closed_shop_is_gone_and_can_be_opened_anew() {
    for shop in Shop::both().await {
        shop.product("MINE-1", 1).await;
        shop.lifecycle(Method::DELETE, &Value::Null).await.expect(200);
        shop.lifecycle(Method::DELETE, &Value::Null).await.refused(410, "application_gone");
        shop.provision(&json!({ "store_name": "Again" })).await.expect(201);
        shop.get("/v1/products/MINE-1").await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn closing_a_shop_whose_database_was_dropped_is_done() {
    for shop in Shop::unprovisioned().await {
        if let Some(name) = shop.database.strip_prefix("postgres://").and_then(|url| url.rsplit('/').next()) {
            let pool = sqlx::PgPool::connect(mintreu_testing::Postgres::shared().url()).await.expect("the server");
            sqlx::query(&format!("DROP DATABASE {name}")).execute(&pool).await.expect("it drops");
        }
        shop.lifecycle(Method::DELETE, &Value::Null).await.refused(410, "application_gone");
    }
}
