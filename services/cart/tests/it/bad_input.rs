//! Requests that cannot be: a 4xx of the one shape, and nothing changed.

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{CARTS, Shop, Shopper as _, named};

fn pointers(refused: &Value) -> Vec<&str> {
    let errors = refused["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn a_line_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        let ada = shop.sign_up("ada").client;
        let line = |sku: Value, quantity: Value| json!({ "sku": sku, "quantity": quantity });
        let quantities = [
            json!(0), json!(-1), json!(1000), json!(i64::MAX), json!(i64::MIN), json!(u64::MAX), json!(1.5), json!("1"),
            json!(null), json!([1]),
        ];
        for quantity in quantities {
            for client in [&ada, &shop.stranger()] {
                let refused = client.post("/cart/items", &line(json!("mug"), quantity.clone())).await.expect(400);
                assert_eq!(pointers(&refused), ["/quantity"], "{quantity}");
                assert_eq!(refused["code"], "validation_failed");
            }
            let set = ada.put("/cart/items/mug", &json!({ "quantity": quantity })).await.expect(400);
            assert_eq!(pointers(&set), ["/quantity"], "{quantity}");
        }
        for sku in [json!(""), json!("a b"), json!("a\u{0}"), json!("'; --"), json!("x".repeat(65)), json!(".."), json!(7)] {
            let refused = ada.post("/cart/items", &line(sku.clone(), json!(1))).await.expect(400);
            assert_eq!(pointers(&refused), ["/sku"], "{sku}");
        }
        for (body, wrong) in [
            (json!({}), "/sku"),
            (json!({ "sku": "mug" }), "/quantity"),
            (json!({ "sku": "mug", "quantity": 1, "price": 1 }), "/price"),
            (json!([]), ""),
        ] {
            let refused = ada.post("/cart/items", &body).await.expect(400);
            assert_eq!(pointers(&refused), [wrong], "{body}");
        }
        for (body, wrong) in [
            (json!({}), "/guest_token"),
            (json!({ "guest_token": 7 }), "/guest_token"),
            (json!({ "guest_token": null }), "/guest_token"),
            (json!({ "token": "cart_" }), "/token"),
        ] {
            let refused = ada.post("/cart/merge", &body).await.expect(400);
            assert_eq!(pointers(&refused), [wrong], "{body}");
        }
        assert_eq!(shop.count(CARTS).await, 0);
    }

    async fn a_path_that_names_no_sku_is_refused(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        for sku in ["a%20b", "%00", "%27", &"x".repeat(65), "%F0%9F%A6%80", "a%2Fb"] {
            let path = format!("/cart/items/{sku}");
            assert_eq!(ada.delete(&path).await.expect(400)["code"], "invalid_path", "{sku}");
            assert_eq!(ada.put(&path, &json!({ "quantity": 1 })).await.expect(400)["code"], "invalid_path", "{sku}");
        }
        assert_eq!(ada.lines().await, named(&[("mug", 1)]));
    }

    async fn bodies_are_bounded_and_json(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada").client;
        let send = async |content_type, body: Bytes| {
            ada.send_raw(Method::POST, "/cart/items", content_type, body).await
        };
        let json = Some("application/json");
        assert_eq!(send(json, "{nope".into()).await.expect(400)["code"], "malformed_json");
        send(Some("text/plain"), "{}".into()).await.expect(415);
        send(None, "{}".into()).await.expect(415);
        let huge = format!("{{\"sku\":\"{}\"}}", "x".repeat(70_000));
        send(json, huge.into()).await.expect_error(413, "the body is larger than 65536 bytes");
        send(json, Bytes::from_static(b"{\"sku\":\"\xff\"}")).await.expect(400);
    }
}
