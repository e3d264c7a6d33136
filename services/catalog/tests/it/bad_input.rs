//! Products and categories that cannot be: a 4xx of the one shape, and nothing changed.

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, PRODUCTS, dollars, pointers, product, start, variant};

on_both_databases! {
    async fn a_product_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let with = |member: &str, value: serde_json::Value| {
            let mut body = product("Mug", "mug", 5);
            body[member] = value;
            body
        };
        let with_variant = |member: &str, value: serde_json::Value| {
            let mut one = variant("mug", 5);
            one[member] = value;
            json!({ "name": "Mug", "variants": [one] })
        };
        for (body, wrong) in [
            (json!({}), &["/name"][..]),
            (json!({ "name": "x" }), &["/variants"]),
            (json!({ "name": "x", "variants": [] }), &["/variants"]),
            (with("name", json!("x".repeat(201))), &["/name"]),
            (with("name", json!("\u{0}")), &["/name"]),
            (with("name", json!(7)), &["/name"]),
            (with("description", json!("x".repeat(10_001))), &["/description"]),
            (with("description", json!(null)), &["/description"]),
            (with("slug", json!("No Slug")), &["/slug"]),
            (with("slug", json!("prd_x")), &["/slug"]),
            (with("category_id", json!("mugs")), &["/category_id"]),
            (with("status", json!("archived")), &["/status"]),
            (with("id", json!("prd_1")), &["/id"]),
            (with_variant("sku", json!("a b")), &["/variants/0/sku"]),
            (with_variant("sku", json!("")), &["/variants/0/sku"]),
            (with_variant("sku", json!("a\u{0}")), &["/variants/0/sku"]),
            (with_variant("sku", json!("x".repeat(65))), &["/variants/0/sku"]),
            (with_variant("price", dollars(0)), &["/variants/0/price/amount_minor"]),
            (with_variant("price", dollars(-1)), &["/variants/0/price/amount_minor"]),
            (with_variant("price", dollars(i64::MIN)), &["/variants/0/price/amount_minor"]),
            (with_variant("price", dollars(i64::MAX)), &["/variants/0/price/amount_minor"]),
            (with_variant("price", json!({ "amount_minor": 1.5, "currency": "USD" })), &["/variants/0/price/amount_minor"]),
            (with_variant("price", json!({ "amount_minor": 1, "currency": "usd" })), &["/variants/0/price/currency"]),
            (with_variant("price", json!({ "amount_minor": 1 })), &["/variants/0/price/currency"]),
            (with_variant("price", json!("12.50")), &["/variants/0/price"]),
            (with_variant("options", json!({ "size": 7 })), &["/variants/0/options/size"]),
            (with_variant("options", json!({ "": "L" })), &["/variants/0/options"]),
            (with_variant("options", json!({ "size": "\u{0}" })), &["/variants/0/options"]),
            (with_variant("options", json!([])), &["/variants/0/options"]),
            (with_variant("available", json!(5)), &["/variants/0/available"]),
            (json!({ "name": "Mug", "variants": [variant("a", 5), variant("A", 5)] }), &["/variants/1/sku"]),
            (json!({ "name": "", "slug": "A", "variants": [variant("", 0), variant("b", -5)] }), &[
                "/slug", "/name", "/variants/0/sku", "/variants/0/price/amount_minor", "/variants/1/price/amount_minor",
            ]),
        ] {
            let refused = clerk.client.post("/products", &body).await.expect(400);
            assert_eq!(refused["code"], "validation_failed", "{body}");
            assert_eq!(pointers(&refused), wrong, "{body}");
        }
        let mixed = json!({ "name": "Mug", "variants": [
            variant("a", 5), { "sku": "b", "price": { "amount_minor": 5, "currency": "EUR" } },
        ] });
        let refused = clerk.client.post("/products", &mixed).await.expect(400);
        assert_eq!(pointers(&refused), ["/variants/1/price/currency"], "one currency a product");
        assert_eq!(app.count(PRODUCTS).await, 0);
        assert_eq!(app.count("SELECT sku FROM variants").await, 0);
    }

    async fn a_category_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let id = clerk.create_category("Mugs", None).await;
        for (body, wrong) in [
            (json!({ "name": "" }), &["/name"][..]),
            (json!({ "name": " \u{a0}" }), &["/name"]),
            (json!({ "name": "x".repeat(101) }), &["/name"]),
            (json!({ "name": "a\u{0}" }), &["/name"]),
            (json!({ "name": "x", "slug": "-" }), &["/slug"]),
            (json!({ "name": "x", "parent_id": "mugs" }), &["/parent_id"]),
            (json!({ "name": "x", "parent_id": "cat_0190c2a4-7c1e-7b3e-9c53-000000000000" }), &["/parent_id"]),
            (json!({ "name": "x", "id": id }), &["/id"]),
        ] {
            let refused = clerk.client.post("/categories", &body).await.expect(400);
            assert_eq!(pointers(&refused), wrong, "{body}");
            let path = format!("/categories/{id}");
            let refused = clerk.client.send(Method::PATCH, &path, Some(&body)).await.expect(400);
            assert_eq!(pointers(&refused), wrong, "{body}");
        }
        assert_eq!(app.count("SELECT id FROM categories").await, 1);
    }

    async fn bodies_are_bounded_and_json(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let send = async |content_type, body: Bytes| {
            clerk.client.send_raw(Method::POST, "/products", content_type, body).await
        };
        let json = Some("application/json");
        assert_eq!(send(json, "{nope".into()).await.expect(400)["code"], "malformed_json");
        send(Some("text/csv"), "{}".into()).await.expect(415);
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
        send(json, huge.into()).await.expect_error(413, "the body is larger than 262144 bytes");
        send(json, Bytes::from_static(b"{\"name\":\"\xff\"}")).await.expect(400);
        assert_eq!(app.count(PRODUCTS).await, 0);
    }
}
