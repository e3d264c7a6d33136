//! What clients are told while the database is away.

use serde_json::json;

use crate::world::{World, on_both_databases};

on_both_databases! {
    async fn a_database_that_is_gone_is_said_to_be(place: &Place) {
        let world = World::start(place).await;
        world.stats().await;
        world.tamper("DROP TABLE generations").await;
        let reply = world.stranger().get("/stats").await;
        reply.refused(500, "internal error");
        world.stranger().get("/health").await.expect(200);
        let body = json!({ "events": [{ "type": "page_viewed" }] });
        world.stranger().post("/track", &body).await.expect(202);
    }
}
