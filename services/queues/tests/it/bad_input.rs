//! What is refused, so that nothing of it is stored.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{Customer as _, PURCHASES, Shop, builder, plan, without_broker};
use crate::subscriptions_double::SubscriptionsDouble;

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

on_both_databases! {
    async fn every_member_of_a_plan_that_is_wrong_is_named(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let root = shop.admin().client;
        let wrong = json!({
            "sku": "not a sku", "name": " ", "description": "x".repeat(2001),
            "price": { "amount_minor": 0, "currency": "USD" }, "duration_days": 0, "max_queues": 0,
            "max_connections": 0, "max_queue_bytes": 0, "features": ["", "fine"],
        });
        let refused = root.post("/plans", &wrong).await.expect(400);
        assert_eq!(
            pointers(&refused),
            [
                "/sku", "/name", "/description", "/price/amount_minor", "/duration_days", "/max_queues",
                "/max_connections", "/max_queue_bytes", "/features/0",
            ]
        );
        for (member, value) in [
            ("max_queues", json!(10_001)),
            ("max_connections", json!(10_001)),
            ("max_queue_bytes", json!(9_007_199_254_740_992_u64)),
            ("max_queues", json!(-1)),
            ("max_queues", json!(null)),
            ("quota_bytes", json!(1)),
        ] {
            let mut wrong = plan("fine");
            wrong[member] = value.clone();
            root.post("/plans", &wrong).await.expect(400);
            root.patch("a", json!({ member: value })).await.expect(400);
        }
        assert_eq!(shop.count("SELECT sku FROM plans").await, 1);
        assert_eq!(root.get("/plans/a").await.header("etag"), "\"1\"");
    }

    async fn a_plan_is_made_changed_and_retired(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (root, anyone) = (shop.admin().client, shop.stranger());
        let made = root.post("/plans", &plan("MQ-Small")).await.expect(201);
        let shown = json!({
            "sku": "MQ-Small", "name": "Small", "description": "", "price": { "amount_minor": 499, "currency": "USD" },
            "duration_days": 30, "max_queues": 2, "max_connections": 3, "max_queue_bytes": 1000, "features": [],
            "retired": false,
        });
        assert_eq!(made, shown);
        assert_eq!(anyone.get("/plans/mq-small").await.expect(200), shown);
        let changed = root.patch("MQ-Small", json!({ "max_queues": 7, "features": ["seven"] })).await;
        assert_eq!(changed.header("etag"), "\"2\"");
        let mut expected = shown.clone();
        expected["max_queues"] = json!(7);
        expected["features"] = json!(["seven"]);
        assert_eq!(changed.expect(200), expected);
        let late = root.with("if-match", "\"1\"");
        late.patch("MQ-Small", json!({ "max_queues": 8 })).await.expect(412);
        root.delete("/plans/MQ-Small").await.expect(200);
        assert_eq!(anyone.get("/plans").await.expect(200)["items"], json!([]));
        let refused = shop.sign_up("ada").client.purchase("MQ-Small").await;
        refused.expect_error(409, "the plan is not sold any more");
    }

    async fn a_purchase_that_says_too_much_is_refused(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").client;
        ada.post("/plans/a/purchase", &json!({ "price": 1 })).await.expect(400);
        ada.purchase("unknown").await.expect_error(404, "Plan not found");
        assert_eq!((shop.count(PURCHASES).await, shop.subscriptions.begun().len()), (0, 0));
    }

    async fn what_is_half_configured_is_known_at_the_start(fixture: &Fixture) {
        let url = "http://127.0.0.1:15672";
        let alone = without_broker(fixture, SubscriptionsDouble::default()).set("queues.management_url", url);
        let refused = format!("{:#}", alone.try_start().await.err().unwrap());
        for key in ["management_username", "management_password", "public_url"] {
            assert!(refused.contains(key), "{refused}");
        }
        for wrong in ["http://mq.example.com", "amqp://mq.example.com/vhost", "amqp://a:b@mq.example.com"] {
            let app = builder(fixture, SubscriptionsDouble::default()).set("queues.public_url", wrong);
            let refused = format!("{:#}", app.try_start().await.err().unwrap());
            assert!(refused.contains("public_url"), "{refused}");
        }
    }
}
