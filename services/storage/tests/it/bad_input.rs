//! What is refused, so that nothing of it is stored.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{Customer as _, PURCHASES, Shop, plan};

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

fn with(member: &str, value: Value) -> Value {
    let mut plan = plan("fine");
    plan[member] = value;
    plan
}

on_both_databases! {
    async fn every_member_of_a_plan_that_is_wrong_is_named(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let root = shop.admin().client;
        let wrong = json!({
            "sku": "not a sku", "name": " ", "description": "x".repeat(2001),
            "price": { "amount_minor": 0, "currency": "USD" }, "duration_days": 0, "quota_bytes": 0,
            "features": ["", "fine"],
        });
        let refused = root.post("/plans", &wrong).await.expect(400);
        assert_eq!(
            pointers(&refused),
            ["/sku", "/name", "/description", "/price/amount_minor", "/duration_days", "/quota_bytes", "/features/0"]
        );
        for (member, value) in [
            ("duration_days", json!(3661)),
            ("quota_bytes", json!(9_007_199_254_740_992_u64)),
            ("quota_bytes", json!(-1)),
            ("price", json!({ "amount_minor": "499", "currency": "USD" })),
            ("price", json!({ "amount_minor": 499, "currency": "usd" })),
            ("features", json!(vec!["a"; 21])),
            ("name", json!("a\0b")),
            ("colour", json!("red")),
        ] {
            root.post("/plans", &with(member, value.clone())).await.expect(400);
            root.patch("a", json!({ member: value })).await.expect(400);
        }
        for member in ["name", "price", "quota_bytes"] {
            root.patch("a", json!({ member: null })).await.expect(400);
        }
        assert_eq!(shop.count("SELECT sku FROM plans").await, 1);
        assert_eq!(root.get("/plans/a").await.header("etag"), "\"1\"");
        root.get("/plans/a%20b").await.expect(400);
        root.patch("unknown", json!({ "name": "x" })).await.expect_error(404, "Plan not found");
        root.delete("/plans/unknown").await.expect_error(404, "Plan not found");
    }

    async fn a_purchase_that_says_too_much_is_refused(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").client;
        ada.post("/plans/a/purchase", &json!({ "price": 1 })).await.expect(400);
        ada.purchase("unknown").await.expect_error(404, "Plan not found");
        assert_eq!(shop.count(PURCHASES).await, 0);
        assert_eq!(shop.subscriptions.begun().len(), 0);
    }

    async fn what_cannot_be_signed_or_listed_is_refused(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        shop.serve(&ada, "a").await;
        for wrong in [
            json!({ "method": "DELETE", "key": "a", "expires_in": 60 }),
            json!({ "method": "GET", "key": "", "expires_in": 60 }),
            json!({ "method": "GET", "key": "k".repeat(1025), "expires_in": 60 }),
            json!({ "method": "GET", "key": "a\0", "expires_in": 60 }),
            json!({ "method": "GET", "key": "a", "expires_in": 0 }),
            json!({ "method": "GET", "key": "a", "expires_in": 604_801 }),
            json!({ "method": "GET", "key": "a" }),
        ] {
            ada.client.post("/service/presign", &wrong).await.expect(400);
        }
        for query in ["limit=0", "limit=101", "cursor=%21", "cursor=Kw", "delimiter=/"] {
            ada.client.get(&format!("/service/objects?{query}")).await.expect(400);
        }
    }
}
