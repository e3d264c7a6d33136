//! What is made of what visitors did.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::AnalyticsApp;

async fn visit(app: &AnalyticsApp, events: &Value) {
    app.stranger()
        .post("/track", &json!({ "events": events }))
        .await
        .expect(202);
}

async fn funnel(app: &AnalyticsApp, query: &str) -> Value {
    let funnel = app
        .staff()
        .get(&format!("/stats/funnel{query}"))
        .await
        .expect(200);
    let steps = funnel["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| json!([step["step"], step["visitors"]]))
        .collect()
}

async fn skus(app: &AnalyticsApp, query: &str) -> Vec<String> {
    let top = app
        .staff()
        .get(&format!("/stats/top-products{query}"))
        .await
        .expect(200);
    let items = top["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["sku"].as_str().unwrap().to_owned())
        .collect()
}

on_both_databases! {
    async fn a_step_counts_for_those_who_took_all_before_it(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let view = json!({ "type": "product_viewed", "sku": "TEA" });
        let add = json!({ "type": "added_to_cart", "sku": "TEA" });
        let start = json!({ "type": "checkout_started" });
        let order = json!({ "type": "product_ordered", "sku": "TEA" });
        visit(&app, &json!([{ "type": "page_viewed" }])).await;
        visit(&app, &json!([view])).await;
        visit(&app, &json!([add, view])).await;
        visit(&app, &json!([add])).await;
        visit(&app, &json!([order, start, add, view, view])).await;
        assert_eq!(
            funnel(&app, "").await,
            json!([
                ["visited", 5], ["product_viewed", 3], ["added_to_cart", 2], ["checkout_started", 1],
                ["product_ordered", 1],
            ])
        );
    }

    async fn steps_on_different_days_are_one_way(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let first = json!({ "events": [{ "type": "product_viewed", "sku": "TEA" }] });
        let guest = app.stranger().post("/track", &first).await.expect(202)["anonymous_id"].clone();
        app.process.time.advance(Duration::from_hours(24));
        let next = json!({ "anonymous_id": guest, "events": [{ "type": "added_to_cart", "sku": "TEA" }] });
        app.stranger().post("/track", &next).await.expect(202);
        let added = |funnel: Value| funnel[2][1].clone();
        assert_eq!(added(funnel(&app, "").await), 1);
        let second_day = "?from=2030-01-02T00:00:00Z&to=2030-01-02T12:00:00Z";
        assert_eq!(added(funnel(&app, second_day).await), 0, "without the look of the day before");
        let before = "?from=2029-12-01T00:00:00Z&to=2029-12-31T12:00:00Z";
        assert_eq!(funnel(&app, before).await[0][1], 0);
    }

    async fn products_are_ranked_by_what_is_asked(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let view = |sku: &str| json!({ "type": "product_viewed", "sku": sku });
        let add = |sku: &str, quantity: u32| json!({ "type": "added_to_cart", "sku": sku, "quantity": quantity });
        visit(&app, &json!([view("TEA"), view("TEA"), view("CUP"), view("POT")])).await;
        visit(&app, &json!([add("CUP", 5), add("TEA", 2), { "type": "product_ordered", "sku": "POT" }])).await;
        assert_eq!(skus(&app, "").await, ["TEA", "CUP", "POT"], "as many: by SKU");
        assert_eq!(skus(&app, "?by=added").await, ["CUP", "TEA"]);
        assert_eq!(skus(&app, "?by=ordered").await, ["POT"]);
        assert_eq!(skus(&app, "?limit=1").await, ["TEA"]);
        let top = app.staff().get("/stats/top-products?by=added&limit=1").await.expect(200);
        assert_eq!(top["items"], json!([{
            "sku": "CUP", "viewed": 1, "added": 5, "ordered": 0, "sold": 0,
            "revenue": { "amount_minor": 0, "currency": "USD" },
        }]));
        assert_eq!(top["to"], "2030-01-02T00:00:00.000000Z", "today's end");
        let before = "?from=2029-12-01T00:00:00Z&to=2029-12-31T12:00:00Z";
        assert_eq!(skus(&app, before).await, [""; 0]);
    }
}
