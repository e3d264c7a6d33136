//! What is made of what visitors did.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, on_both_databases};

async fn visit(world: &World, events: &Value) {
    world
        .stranger()
        .post("/track", &json!({ "events": events }))
        .await
        .expect(202);
}

async fn funnel(world: &World, query: &str) -> Value {
    let funnel = world
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

async fn skus(world: &World, query: &str) -> Vec<String> {
    let top = world
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
    async fn a_step_counts_for_those_who_took_all_before_it(place: &Place) {
        let world = World::start(place).await;
        let view = json!({ "type": "product_viewed", "sku": "TEA" });
        let add = json!({ "type": "added_to_cart", "sku": "TEA" });
        let start = json!({ "type": "checkout_started" });
        let order = json!({ "type": "product_ordered", "sku": "TEA" });
        visit(&world, &json!([{ "type": "page_viewed" }])).await;
        visit(&world, &json!([view])).await;
        visit(&world, &json!([add, view])).await;
        visit(&world, &json!([add])).await;
        visit(&world, &json!([order, start, add, view, view])).await;
        assert_eq!(
            funnel(&world, "").await,
            json!([
                ["visited", 5], ["product_viewed", 3], ["added_to_cart", 2], ["checkout_started", 1],
                ["product_ordered", 1],
            ])
        );
    }

    async fn steps_on_different_days_are_one_way(place: &Place) {
        let world = World::start(place).await;
        let first = json!({ "events": [{ "type": "product_viewed", "sku": "TEA" }] });
        let guest = world.stranger().post("/track", &first).await.expect(202)["anonymous_id"].clone();
        world.process.time.advance(Duration::from_hours(24));
        let next = json!({ "anonymous_id": guest, "events": [{ "type": "added_to_cart", "sku": "TEA" }] });
        world.stranger().post("/track", &next).await.expect(202);
        let added = |funnel: Value| funnel[2][1].clone();
        assert_eq!(added(funnel(&world, "").await), 1);
        let second_day = "?from=2030-01-02T00:00:00Z&to=2030-01-02T12:00:00Z";
        assert_eq!(added(funnel(&world, second_day).await), 0, "without the look of the day before");
        let before = "?from=2029-12-01T00:00:00Z&to=2029-12-31T12:00:00Z";
        assert_eq!(funnel(&world, before).await[0][1], 0);
    }

    async fn products_are_ranked_by_what_is_asked(place: &Place) {
        let world = World::start(place).await;
        let view = |sku: &str| json!({ "type": "product_viewed", "sku": sku });
        let add = |sku: &str, quantity: u32| json!({ "type": "added_to_cart", "sku": sku, "quantity": quantity });
        visit(&world, &json!([view("TEA"), view("TEA"), view("CUP"), view("POT")])).await;
        visit(&world, &json!([add("CUP", 5), add("TEA", 2), { "type": "product_ordered", "sku": "POT" }])).await;
        assert_eq!(skus(&world, "").await, ["TEA", "CUP", "POT"], "as many: by SKU");
        assert_eq!(skus(&world, "?by=added").await, ["CUP", "TEA"]);
        assert_eq!(skus(&world, "?by=ordered").await, ["POT"]);
        assert_eq!(skus(&world, "?limit=1").await, ["TEA"]);
        let top = world.staff().get("/stats/top-products?by=added&limit=1").await.expect(200);
        assert_eq!(top["items"], json!([{ "sku": "CUP", "viewed": 1, "added": 5, "ordered": 0 }]));
        assert_eq!(top["to"], "2030-01-02T00:00:00.000000Z", "today's end");
        let before = "?from=2029-12-01T00:00:00Z&to=2029-12-31T12:00:00Z";
        assert_eq!(skus(&world, before).await, [""; 0]);
    }
}
