//! Text that means harm is text like any other, or refused; never a 500.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, Shop};

const HOSTILE: [&str; 8] = [
    "'; DROP TABLE products; --",
    "\" OR 1=1 --",
    "<script>alert(1)</script>",
    "$1 ? %s {0} ${jndi:ldap://x}",
    "../../etc/passwd",
    "\u{202e}txt.exe \u{1F4A5} \u{FEFF}",
    "\\'); --",
    "NULL",
];

#[tokio::test]
async fn hostile_text_is_stored_and_shown_as_it_is() {
    for shop in Shop::both().await {
        for text in HOSTILE {
            let body = json!({ "name": text, "description": text });
            let product = shop.send(Method::PATCH, "/v1/products/FJ-204", &body).await.expect(200);
            assert_eq!((&product["name"], &product["description"]), (&json!(text), &json!(text)));
            let customer = json!({ "email": "ada@example.com", "name": text });
            let body = json!({ "customer": customer, "items": [{ "sku": "FJ-204", "quantity": 1 }] });
            let order = shop.post("/v1/orders", &body).await.expect(201);
            assert_eq!(order["items"][0]["name"], text);
            let search = shop.request(Method::GET, "/v1/products").query(&[("search", text)]);
            let found = Answer::of(search.send().await.expect("an answer")).await.expect(200);
            assert_eq!(found["data"][0]["sku"], "FJ-204", "{text}");
        }
        assert_eq!(shop.get("/v1/products").await.expect(200)["data"].as_array().map(Vec::len), Some(8));
    }
}

#[tokio::test]
async fn null_bytes_and_control_characters_are_refused_everywhere() {
    for shop in Shop::both().await {
        let name = json!({ "name": "a\u{0}b" });
        shop.send(Method::PATCH, "/v1/products/FJ-204", &name).await.wrong(&["name invalid"]);
        shop.send(Method::PATCH, "/v1/products/FJ-204", &json!({ "name": "a\nb" })).await.wrong(&["name invalid"]);
        let description = json!({ "description": "a\u{0}b" });
        shop.send(Method::PATCH, "/v1/products/FJ-204", &description).await.wrong(&["description invalid"]);
        shop.order("FJ\u{0}", 1).await.wrong(&["items[0].sku unknown"]);
        let customer = json!({ "customer_id": "a\u{0}", "items": [{ "sku": "FJ-204", "quantity": 1 }] });
        shop.post("/v1/orders", &customer).await.wrong(&["customer_id invalid"]);
        for path in ["/v1/products/a%00", "/v1/orders/%00", "/v1/customers/%00", "/v1/carts/%00", "/v1/products/%ff"] {
            assert_eq!(shop.get(path).await.status, 404, "{path}");
        }
        // "\0" as a cursor.
        shop.get("/v1/orders?cursor=AA").await.wrong(&["cursor invalid"]);
        shop.get("/v1/orders?customer_id=%00").await.wrong(&["customer_id invalid"]);
        shop.get("/v1/customers?email=%00").await.wrong(&["email invalid"]);
        shop.provision(&json!({ "store_name": "a\u{0}" })).await.wrong(&["config.store_name invalid"]);
    }
}

#[tokio::test]
async fn odd_json_is_refused_and_never_a_500() {
    for shop in Shop::both().await {
        let send = async |body: String| {
            let request = shop.request(Method::POST, "/v1/orders").header("content-type", "application/json");
            Answer::of(request.body(body).send().await.expect("an answer")).await
        };
        let item = "{\"sku\":\"FJ-204\",\"quantity\":";
        send(format!("{{\"items\":[{item}1e400}}]}}")).await.refused(400, "json_malformed");
        send(format!("{{\"items\":[{item}99999999999999999999}}]}}")).await.wrong(&["items[0].quantity invalid"]);
        send(format!("{{\"items\":[{item}1.0}}]}}")).await.wrong(&["items[0].quantity invalid"]);
        send(format!("{{\"items\":[{item}-1}}]}}")).await.wrong(&["items[0].quantity out_of_range"]);
        send("{\"items\":[],\"items\":[]}".to_owned()).await.refused(422, "validation_failed");
        send("[".repeat(100_000)).await.refused(422, "validation_failed");
        send(String::new()).await.refused(400, "json_malformed");
        send("\"\\ud800\"".to_owned()).await.refused(400, "json_malformed");
        send(" ".repeat(1024 * 1024 + 1)).await.refused(413, "body_too_large");
        assert_eq!(send("null".to_owned()).await.status, 422);
        assert_eq!(shop.get("/v1/orders").await.expect(200)["data"], Value::Array(Vec::new()));
    }
}
