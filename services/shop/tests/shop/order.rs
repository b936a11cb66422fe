//! Orders: totals, stock, states, repetition.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, Shop};

fn path(order: &Value) -> String {
    format!("/v1/orders/{}", order["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn totals_are_sums_of_the_stored_prices_and_stay_when_prices_change() {
    for shop in Shop::both().await {
        let body = json!({ "items": [
            { "sku": "KT-031", "quantity": 3 }, { "sku": "FJ-204", "quantity": 2 }, { "sku": "BG-300", "quantity": 1 },
        ] });
        let order = shop.post("/v1/orders", &body).await.expect(201);
        let skus: Vec<&Value> = order["items"].as_array().expect("items").iter().map(|item| &item["sku"]).collect();
        assert_eq!(skus, ["KT-031", "FJ-204", "BG-300"], "in the order they were asked for");
        assert_eq!(order["items"][0]["total"], json!({ "amount": 4_950, "currency": "EUR" }));
        assert_eq!(order["total"], json!({ "amount": 4_950 + 25_800 + 4_750, "currency": "EUR" }));
        let price = json!({ "price": { "amount": 1, "currency": "EUR" } });
        shop.send(Method::PATCH, "/v1/products/FJ-204", &price).await.expect(200);
        shop.delete("/v1/products/KT-031").await.expect(204);
        assert_eq!(shop.get(&path(&order)).await.expect(200), order);
    }
}

#[tokio::test]
async fn the_largest_order_there_may_be_is_counted_exactly() {
    for shop in Shop::both().await {
        let price = json!({ "amount": 100_000_000_000_i64, "currency": "EUR" });
        let product = json!({ "sku": "GOLD", "name": "Gold", "price": price, "stock": 10_000 });
        shop.post("/v1/products", &product).await.expect(201);
        let order = shop.order("GOLD", 10_000).await.expect(201);
        assert_eq!(order["total"]["amount"], 1_000_000_000_000_000_i64);
    }
}

#[tokio::test]
async fn of_fifty_orders_at_once_for_ten_in_stock_exactly_ten_succeed() {
    for shop in Shop::both().await {
        shop.product("RARE", 10).await;
        let answers = join_all((0..50).map(|_| shop.order("RARE", 1))).await;
        let mut numbers = Vec::new();
        for answer in answers {
            if answer.status == 201 {
                numbers.push(answer.body["number"].as_str().expect("a number").to_owned());
            } else {
                let problem = answer.refused(409, "out_of_stock");
                assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("RARE")));
            }
        }
        assert_eq!(shop.stock("RARE").await, 0);
        numbers.sort_by_key(|number| number.rsplit('-').next().and_then(|last| last.parse::<u32>().ok()));
        let sequence: Vec<String> = numbers.iter().map(|number| number.rsplit('-').next().expect("a sequence").to_owned()).collect();
        assert_eq!(sequence, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], "no gap, none twice");
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_filled_takes_nothing_at_all() {
    for shop in Shop::both().await {
        let body = json!({
            "customer": { "email": "new@example.com", "name": "New" },
            "items": [{ "sku": "BG-300", "quantity": 1 }, { "sku": "LT-009", "quantity": 19 }],
        });
        let problem = shop.post("/v1/orders", &body).await.refused(409, "out_of_stock");
        assert_eq!(problem["errors"][0]["field"], "items[1].quantity");
        assert_eq!(shop.stock("BG-300").await, 90);
        assert_eq!(shop.get("/v1/customers").await.expect(200)["data"], json!([]));
        assert!(shop.order("BG-300", 1).await.expect(201)["number"].as_str().is_some_and(|n| n.ends_with("-1")));
    }
}

#[tokio::test]
async fn what_is_unknown_or_not_on_sale_is_named() {
    for shop in Shop::both().await {
        shop.send(Method::PATCH, "/v1/products/FJ-204", &json!({ "active": false })).await.expect(200);
        shop.order("FJ-204", 1).await.wrong(&["items[0].sku unknown"]);
        shop.order("NONE", 1).await.wrong(&["items[0].sku unknown"]);
        let body = json!({
            "currency": "GBP",
            "items": [{ "sku": "BG-300", "quantity": 0 }, { "sku": "BG-300", "quantity": 1 }, { "sku": "a b", "quantity": 1 }],
            "customer": { "email": "nobody", "name": "" }, "customer_id": "cus_1",
        });
        shop.post("/v1/orders", &body).await.wrong(&[
            "customer.email invalid",
            "customer.name required",
            "customer_id invalid",
            "items[0].quantity out_of_range",
            "items[1].sku taken",
            "items[2].sku unknown",
        ]);
        let items = json!([{ "sku": "BG-300", "quantity": 1 }]);
        shop.post("/v1/orders", &json!({ "currency": "GBP", "items": items })).await.wrong(&["currency invalid"]);
        shop.post("/v1/orders", &json!({ "customer_id": "cus_none", "items": items })).await.wrong(&["customer_id unknown"]);
        shop.post("/v1/orders", &json!({ "items": [] })).await.wrong(&["items required"]);
        shop.post("/v1/orders", &json!({ "items": items, "note": "hi" })).await.wrong(&["note unknown"]);
        let many: Vec<Value> = (0..101).map(|n| json!({ "sku": format!("S{n}"), "quantity": 1 })).collect();
        shop.post("/v1/orders", &json!({ "items": many })).await.wrong(&["items too_long"]);
    }
}

#[tokio::test]
async fn an_order_goes_from_open_to_paid_to_fulfilled_to_refunded() {
    for shop in Shop::both().await {
        let order = shop.order("FJ-204", 4).await.expect(201);
        assert_eq!(order["status"], "open");
        for (action, status) in [("pay", "paid"), ("fulfill", "fulfilled"), ("refund", "refunded")] {
            let after = shop.post(&format!("{}/{action}", path(&order)), &Value::Null).await.expect(200);
            assert_eq!(after["status"], status);
        }
        assert_eq!(shop.stock("FJ-204").await, 36, "what left the house does not come back by itself");
        assert_eq!(shop.get("/v1/orders?status=refunded").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(shop.get("/v1/orders?status=open").await.expect(200)["data"], json!([]));
    }
}

#[tokio::test]
async fn every_transition_that_is_not_in_the_table_is_refused() {
    let ways = [
        ("open", &[][..], &["fulfill", "refund"][..]),
        ("paid", &["pay"], &["pay"]),
        ("fulfilled", &["pay", "fulfill"], &["pay", "fulfill", "cancel"]),
        ("cancelled", &["cancel"], &["pay", "fulfill", "cancel", "refund"]),
        ("refunded", &["pay", "refund"], &["pay", "fulfill", "cancel", "refund"]),
    ];
    for shop in Shop::both().await {
        for (status, way, refused) in ways {
            let order = shop.order("KT-031", 1).await.expect(201);
            for action in way {
                shop.post(&format!("{}/{action}", path(&order)), &Value::Null).await.expect(200);
            }
            for action in refused {
                let answer = shop.post(&format!("{}/{action}", path(&order)), &Value::Null).await;
                answer.refused(409, "transition_illegal");
            }
            assert_eq!(shop.get(&path(&order)).await.expect(200)["status"], status);
        }
        shop.post("/v1/orders/ord_none/pay", &Value::Null).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn many_cancellations_at_once_return_the_stock_once() {
    for shop in Shop::both().await {
        let order = shop.order("FJ-204", 4).await.expect(201);
        let cancel = format!("{}/cancel", path(&order));
        let answers = join_all((0..10).map(|_| shop.post(&cancel, &Value::Null))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 9);
        assert_eq!(shop.stock("FJ-204").await, 40);
    }
}

async fn keyed(shop: &Shop, key: &str, quantity: i64) -> Answer {
    let body = json!({ "items": [{ "sku": "RARE", "quantity": quantity }] });
    let request = shop.request(Method::POST, "/v1/orders").header("idempotency-key", key).json(&body);
    Answer::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_served_once() {
    for shop in Shop::both().await {
        shop.product("RARE", 1).await;
        let answers = join_all((0..10).map(|_| keyed(&shop, "first try", 1))).await;
        let orders: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201)).collect();
        assert!(orders.windows(2).all(|pair| pair[0] == pair[1]));
        keyed(&shop, "first try", 2).await.refused(409, "idempotency_key_reused");
        keyed(&shop, "second try", 1).await.refused(409, "out_of_stock");
        keyed(&shop, "", 1).await.wrong(&["Idempotency-Key invalid"]);
        keyed(&shop, &"k".repeat(256), 1).await.wrong(&["Idempotency-Key invalid"]);
    }
}

#[tokio::test]
async fn nothing_is_kept_under_the_key_of_a_refused_request() {
    for shop in Shop::both().await {
        shop.product("RARE", 1).await;
        keyed(&shop, "try", 5).await.refused(409, "out_of_stock");
        shop.send(Method::PATCH, "/v1/products/RARE", &json!({ "stock": 5 })).await.expect(200);
        keyed(&shop, "try", 5).await.expect(201);
    }
}

#[tokio::test]
async fn pages_of_orders_are_newest_first_each_with_its_own_items() {
    for shop in Shop::both().await {
        for quantity in 1..=5 {
            shop.order("ST-412", quantity).await.expect(201);
        }
        let first = shop.get("/v1/orders?limit=2").await.expect(200);
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let second = shop.get(&format!("/v1/orders?limit=2&cursor={cursor}")).await.expect(200);
        let quantities = |page: &Value| {
            let orders = page["data"].as_array().expect("a list").clone();
            orders.iter().map(|order| order["items"][0]["quantity"].as_i64().expect("a number")).collect::<Vec<_>>()
        };
        assert_eq!((quantities(&first), quantities(&second)), (vec![5, 4], vec![3, 2]));
    }
}
