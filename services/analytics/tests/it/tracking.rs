//! What visitors tell of themselves: who they are, and that it counts once.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::{Client, Identity, on_both_databases};
use serde_json::{Value, json};

use crate::app::AnalyticsApp;

async fn track(client: &Client, body: &Value) -> Value {
    client.post("/track", body).await.expect(202)
}

/// How many took each step of the funnel.
async fn funnel(app: &AnalyticsApp) -> Vec<u64> {
    let funnel = app.staff().get("/stats/funnel").await.expect(200);
    let steps = funnel["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["visitors"].as_u64().unwrap())
        .collect()
}

fn viewed(sku: &str) -> Value {
    json!({ "type": "product_viewed", "sku": sku })
}

on_both_databases! {
    async fn a_guest_is_given_a_name_and_keeps_it(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let first = track(&app.stranger(), &json!({ "events": [{ "type": "page_viewed" }] })).await;
        assert_eq!(first["accepted"], 1);
        let name = first["anonymous_id"].as_str().unwrap();
        assert!(name.starts_with("anon_"));
        let again = json!({ "anonymous_id": name, "events": [viewed("TEA"), viewed("CUP")] });
        assert_eq!(track(&app.stranger(), &again).await, json!({ "accepted": 2, "anonymous_id": name }));
        assert_eq!(funnel(&app).await, [1, 1, 0, 0, 0], "one visitor");
        track(&app.stranger(), &json!({ "events": [viewed("TEA")] })).await;
        assert_eq!(funnel(&app).await, [2, 2, 0, 0, 0], "another one");
    }

    async fn a_user_counts_as_the_user(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = Identity::customer("ada");
        for _ in 0..2 {
            let answer = track(&app.somebody(&ada), &json!({ "events": [viewed("TEA")] })).await;
            assert_eq!(answer, json!({ "accepted": 1, "anonymous_id": null }));
        }
        assert_eq!(funnel(&app).await, [1, 1, 0, 0, 0]);
    }

    async fn what_a_guest_did_before_signing_in_is_the_users(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let first = track(&app.stranger(), &json!({ "events": [viewed("TEA")] })).await;
        let ada = app.somebody(&Identity::customer("ada"));
        let added = json!({ "type": "added_to_cart", "sku": "TEA" });
        let signed_in = json!({ "anonymous_id": first["anonymous_id"], "events": [added] });
        track(&ada, &signed_in).await;
        assert_eq!(funnel(&app).await, [1, 1, 1, 0, 0], "one visitor who came two steps far");
        track(&ada, &signed_in).await;
        assert_eq!(funnel(&app).await, [1, 1, 1, 0, 0]);
        assert_eq!(app.count("SELECT visitor FROM journeys").await, 1);
    }

    async fn with_a_key_a_batch_counts_once(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = app.somebody(&Identity::customer("ada")).with("idempotency-key", "one");
        let body = json!({ "events": [viewed("TEA")] });
        let sent = (0..8).map(|_| ada.post("/track", &body));
        for reply in futures::future::join_all(sent).await {
            assert!(matches!(reply.status.as_u16(), 202 | 409), "{reply:?}");
        }
        assert_eq!(track(&ada, &body).await, json!({ "accepted": 1, "anonymous_id": null }));
        let top = app.staff().get("/stats/top-products").await.expect(200);
        assert_eq!(top["items"], json!([{
            "sku": "TEA", "viewed": 1, "added": 0, "ordered": 0, "sold": 0,
            "revenue": { "amount_minor": 0, "currency": "USD" },
        }]));
        let other = json!({ "events": [viewed("CUP")] });
        ada.post("/track", &other).await.expect_error(422, "`Idempotency-Key` was used for another request");
        let grace = app.somebody(&Identity::customer("grace")).with("idempotency-key", "one");
        track(&grace, &other).await;
    }

    async fn what_was_counted_in_time_is_answered_again_when_it_is_too_old_to_count(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = app.somebody(&Identity::customer("ada")).with("idempotency-key", "one");
        let nearly_a_day_ago = app.process.clock().now().minus(Duration::from_secs(24 * 3600 - 3));
        let body = json!({ "events": [{ "type": "page_viewed", "at": nearly_a_day_ago }] });
        let first = track(&ada, &body).await;
        app.process.time.advance(Duration::from_secs(5));
        assert_eq!(track(&ada, &body).await, first);
        ada.with("idempotency-key", "two").post("/track", &body).await.expect(400);
        assert_eq!(funnel(&app).await[0], 1);
    }

    async fn one_guests_key_is_nothing_to_another(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let keyed = app.stranger().with("idempotency-key", "one");
        let body = json!({ "events": [viewed("TEA")] });
        let (one, two) = (track(&keyed, &body).await, track(&keyed, &body).await);
        assert_ne!(one["anonymous_id"], two["anonymous_id"], "nobody is given another's name");
        let known = json!({ "anonymous_id": one["anonymous_id"], "events": [viewed("TEA")] });
        assert_eq!(track(&keyed, &known).await, track(&keyed, &known).await);
        let top = app.staff().get("/stats/top-products").await.expect(200);
        assert_eq!(top["items"][0]["viewed"], 3, "the known guest's batch once");
    }

    async fn what_visitors_did_is_forgotten_in_time(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        track(&app.stranger(), &json!({ "events": [viewed("TEA")] })).await;
        app.process.time.advance(Duration::from_hours(24 * 31));
        track(&app.stranger(), &json!({ "events": [viewed("CUP")] })).await;
        assert_eq!(app.count("SELECT visitor FROM journeys").await, 2);
        let time = app.process.time.clone();
        app.stop().await;
        let app = AnalyticsApp::start(fixture).await;
        app.process.time.advance(time.clock().now().since(app.process.clock().now()));
        app.operator().rebuild().await.unwrap();
        kit_testing::eventually("the old day is gone", async || {
            let left = app.count("SELECT visitor FROM journeys").await + app.count("SELECT sku FROM product_days").await;
            (left == 2).then_some(())
        })
        .await;
    }
}
