//! What is no request is refused by its member, and changes nothing.

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{ORDERS, Shop};

fn pointers(refused: &Value) -> Vec<&str> {
    let errors = refused["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn an_order_that_cannot_be_is_refused(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let client = shop.buyer("ada").orders.client;
        let line = |sku: &str, quantity: Value| json!({ "items": [{ "sku": sku, "quantity": quantity }] });
        for (body, pointer) in [
            (json!({ "items": [] }), "/items"),
            (json!({ "items": vec![json!({ "sku": "mug", "quantity": 1 }); 201] }), "/items"),
            (line("mug", json!(0)), "/items/0/quantity"),
            (line("mug", json!(1000)), "/items/0/quantity"),
            (line("mug", json!(1.5)), "/items/0/quantity"),
            (line("mug", json!("1")), "/items/0/quantity"),
            (line("m ug", json!(1)), "/items/0/sku"),
            (line("..", json!(1)), "/items/0/sku"),
            (json!({ "items": [{ "sku": "mug", "quantity": 999 }, { "sku": "MUG", "quantity": 1 }] }), "/items/1/quantity"),
            (json!({ "items": [{ "sku": "mug", "quantity": 1, "price": 1 }] }), "/items/0/price"),
            (json!({ "total": 1 }), "/total"),
            (json!({ "items": [{ "sku": "mug", "quantity": 1 }], "note": "x".repeat(1001) }), "/note"),
            (json!({ "items": [{ "sku": "mug", "quantity": 1 }], "shipping_address": { "name": "Ada" } }), "/shipping_address/line1"),
        ] {
            let refused = client.post("/orders", &body).await.expect(400);
            assert_eq!(pointers(&refused), [pointer], "{refused}");
        }
        for text in ["", "{", "[]", "\u{0}", "{\"items\":null,\"items\":null}"] {
            let json = Some("application/json");
            let sent = client.send_raw(http::Method::POST, "/orders", json, text.to_owned().into()).await;
            // Nothing at all asks for what is in the cart.
            assert_eq!(sent.status, if text.is_empty() { 409 } else { 400 }, "{text}");
        }
        assert_eq!(shop.orders.count(ORDERS).await, 0);
    }
}
